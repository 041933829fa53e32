"""How close the thread's replies come to Slack's pace while LaaS is being asked."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from flows.runtime.prefect_server import temporary_server
from tests.bench.measure import (
    AS_OF,
    Ratio,
    Result,
    Scale,
    Side,
    Timing,
    progress,
    run_timed,
    voc_command,
)
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack

CATEGORIES = 20
LAAS_SECONDS = 2.0
MESSAGES_PER_SECOND = 1.0
CHANNEL = "C0BENCH"


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """Summary accepted to last reply accepted ÷ twenty seconds.

    Slack takes one message a second, so the twentieth reply cannot stand sooner than twenty seconds after the
    summary. LaaS is no bound: four questions at a time are two answers a second.
    """
    source = _surging_tickets(files / "surging.csv")
    with temporary_server(Path("prefect")) as server:
        server.wait_until_healthy()
        seconds = []
        for number in range(1, scale.repetitions + 1):
            seconds.append(_seconds_to_deliver(source, server.api_url, f"state-{number}"))
            progress(f"{number} of {scale.repetitions}: delivery {seconds[-1]:.2f} s")
    yield Ratio(
        "delivery",
        Side((Timing("20 replies", statistics.median(seconds)),)),
        Side((Timing("at Slack's pace", CATEGORIES / MESSAGES_PER_SECOND),)),
        limit=1.15,
    )


def _surging_tickets(path: Path) -> Path:
    """Twenty categories with twice as many tickets as the week before."""
    rows = [
        f"{category}-{day}-{number},2026-11-{day:02d}T03:00:00Z,로그인이 안 됩니다,{number}번째 문의입니다,분류 {category},부정"
        for category in range(CATEGORIES)
        for day, count in ((3, 20), (10, 40))
        for number in range(count)
    ]
    path.write_text(
        "\n".join(["id,event_create_time,title,detail,category1,overall_emotion", *rows])
    )
    return path


def _seconds_to_deliver(source: Path, api_url: str, state: str) -> float:
    """From the summary accepted to the last reply accepted, in a run that has no answers kept."""
    with (
        FakeLaas(latency=LAAS_SECONDS) as laas,
        FakeSlack(
            channels={CHANNEL: {"is_member": True}}, messages_per_second=MESSAGES_PER_SECOND
        ) as slack,
    ):
        run_timed(
            voc_command("run", "--source", source, "--as-of", str(AS_OF)),
            PREFECT_API_URL=api_url,
            VOC_STATE_URI=state,
            LAAS_BASE_URL=laas.url,
            LAAS_API_KEY=laas.api_key,
            SLACK_API_URL=f"{slack.url}/api/",
            SLACK_BOT_TOKEN=slack.token,
            VOC_SLACK_CHANNEL=CHANNEL,
        )
    refused = {refusal.number for refusal in slack.refusals}
    accepted = [
        request.time
        for request in slack.requests
        if request.method == "chat.postMessage" and request.number not in refused
    ]
    if len(accepted) != CATEGORIES + 2 or len(laas.prompts) != CATEGORIES:
        raise RuntimeError(
            f"{len(laas.prompts)} analyses and {len(accepted)} messages are not 20 and 22"
        )
    summary, *_, last_reply, _receipt = accepted
    return last_reply - summary

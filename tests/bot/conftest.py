"""The bot as a process, a real Prefect server with the real deployments, and the local Slack."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.fakes.people import People
from tests.fakes.slack import BOT_ID, BOT_USER, FakeSlack
from tests.once import once

SECRET = "test-signing-secret"
PATIENCE = 30.0


class Prefect:
    """What a test looks up in Prefect."""

    def __init__(self, service: services.Service) -> None:
        self.service = service
        self.api = service.url

    def runs(self, *tags: str) -> list[dict[str, Any]]:
        """The flow runs with these tags, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            answer = services.HTTP.post(
                f"{self.api}/flow_runs/filter",
                json={
                    "flow_runs": {"tags": {"all_": ["slack", *tags]}},
                    "limit": 200,
                    "offset": len(found),
                },
                timeout=30,
            )
            page: list[dict[str, Any]] = answer.raise_for_status().json()
            found += page
            if len(page) < 200:
                return sorted(found, key=lambda run: run["created"])

    def has_heartbeat(self, run: dict[str, Any]) -> bool:
        """Whether the server has heard that the run's process is alive."""
        answer = services.HTTP.post(
            f"{self.api}/events/filter",
            json={
                "filter": {
                    "event": {"name": ["prefect.flow-run.heartbeat"]},
                    "resource": {"id": [f"prefect.flow-run.{run['id']}"]},
                }
            },
            timeout=30,
        )
        return bool(answer.raise_for_status().json()["total"])

    def set_state(self, run: dict[str, Any], type: str, message: str = "") -> None:
        """Put a run into a state, as a worker or a person in the UI does."""
        state = {"type": type, "message": message}
        services.HTTP.post(
            f"{self.api}/flow_runs/{run['id']}/set_state",
            json={"state": state, "force": True},
            timeout=30,
        ).raise_for_status()

    def forget_runs(self) -> None:
        """Delete all runs: again where the server was too busy, or a bot's last call came late."""

        def none_is_left() -> bool:
            for run in self.runs():
                services.HTTP.delete(f"{self.api}/flow_runs/{run['id']}", timeout=30)
            return not self.runs()

        wait_for(none_is_left)


@pytest.fixture(scope="session")
def own_server(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Iterator[Prefect]:
    """A Prefect server of its own, which notices within seconds that a worker is gone.

    The deployments are those that another server has registered, once for all processes.
    """

    def register(folder: Path) -> None:
        with services.prefect_server(folder) as server:
            services.deploy(server.url, folder, sample_file)

    folder = tmp_path_factory.mktemp("prefect")
    settings = {
        # A run that it makes while a test switches the schedule off would stay.
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "0",
        "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_FOREMAN_INACTIVITY_HEARTBEAT_MULTIPLE": "3",
    }
    with services.prefect_server(folder, settings, once("deployed", register)) as server:
        yield Prefect(server)
        server.go_on()


@pytest.fixture(scope="module")
def deployed(own_server: Prefect) -> Iterator[Prefect]:
    """The server, stopped between the files that use it: its loops would take a twentieth of a core all the time."""
    own_server.service.go_on()
    yield own_server
    own_server.service.pause()


@pytest.fixture
def prefect(deployed: Prefect) -> Iterator[Prefect]:
    """The server without runs of an earlier test."""
    deployed.forget_runs()
    yield deployed
    deployed.forget_runs()


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels={"C0TEST": {}, "C0SHARED": {}}) as slack:
        yield slack
        # A repeated mention is told from the first by this refusal.
        assert [each for each in slack.refusals if each.error != "already_reacted"] == []


def bot_settings(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack.url}/api/",
    }


Bots = Callable[..., contextlib.AbstractContextManager[services.Service]]


@pytest.fixture
def bots(prefect: Prefect, slack: FakeSlack, tmp_path: Path) -> Bots:
    """Starts a bot: `with bots(VOC_BOT_START_WAIT="1") as bot`."""

    def start(**settings: str) -> contextlib.AbstractContextManager[services.Service]:
        return services.bot(prefect.api, tmp_path / "logs", bot_settings(slack) | settings)

    return start


@pytest.fixture
def people(bots: Bots, slack: FakeSlack) -> Iterator[People]:
    """People who talk to one bot with usual settings."""
    with bots() as bot:
        yield people_of(slack, bot)


def people_of(slack: FakeSlack, bot: services.Service) -> People:
    return People(slack, SECRET, f"{bot.url}/slack/events")


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    services.wait_for(condition, seconds)


def replies(slack: FakeSlack, ts: str) -> list[str]:
    """The texts in a thread."""
    return [message["text"] for message in slack.threads.get(ts, [])]


def wait_for_reply(slack: FakeSlack, ts: str, part: str, seconds: float = PATIENCE) -> None:
    try:
        wait_for(lambda: any(part in text for text in replies(slack, ts)), seconds)
    except TimeoutError:
        raise AssertionError(f"{part!r} is not in {replies(slack, ts)}") from None


def put_report(
    slack: FakeSlack, week: str, kind: str = "summary", channel: str = "C0TEST", **fields: Any
) -> str:
    """A message as a run of the flow posts it, its kind as its text. Returns its ts."""
    payload = {"report_week": week, "kind": kind, "key": "key", "target": "C0TEST", "run": "run"}
    metadata = {"event_type": "voc_weekly", "event_payload": payload}
    ours = {"user": BOT_USER, "bot_id": BOT_ID, "metadata": metadata}
    return slack.say(channel, kind, **ours | fields)


def deep_health(bot: services.Service) -> tuple[int, dict[str, str]]:
    answer = services.HTTP.get(f"{bot.url}/healthz?deep=1", timeout=30)
    return answer.status_code, answer.json()

"""How soon the bot acknowledges when a whole company writes to it at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from flows.cli.commands.sample import write
from tests import services
from tests.bench.measure import Ratio, Result, Scale, Side, Timing, progress
from tests.fakes.people import People, Sent
from tests.fakes.slack import FakeSlack

MENTIONS = 200
SECONDS = 10.0
SLACK_WAITS = 3.0
ACKNOWLEDGED = 2.5 / SLACK_WAITS
EXECUTED_SECONDS = 180


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """p99 of the acknowledgement of 200 mentions in ten seconds ÷ the three seconds that Slack waits.

    No worker is there meanwhile. All must be acknowledged, have their 👀, their reply and a flow run; then a worker
    comes, and the first is executed.
    """
    folder = files / "mentions"
    source = folder / "tickets.parquet"
    write(source, weeks=4, tickets_per_week=300, until=None, seed=7)
    with FakeSlack() as slack, services.prefect_server(folder / "prefect") as server:
        services.deploy(server.url, folder, source)
        settings = {
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_API_URL": f"{slack.url}/api/",
            "VOC_HOME": str(folder / "home"),
        }
        secret = {"SLACK_SIGNING_SECRET": "test-signing-secret"}
        with services.bot(server.url, folder, settings | secret) as bot:
            people = People(slack, events_url=f"{bot.url}/slack/events")
            sent = _mention(people)
            services.wait_for(lambda: len(slack.threads) == MENTIONS, 120)
            runs = _runs(server.url)
            reactions = _seconds_to_react(slack, sent)
            acknowledged = [each.seconds for each in sent if each.status == 200]
            if not len(acknowledged) == len(reactions) == runs == MENTIONS:
                raise RuntimeError(
                    f"{len(acknowledged)} acknowledgements, {len(reactions)} reactions and {runs} runs are not {MENTIONS}"
                )
            progress("a worker comes")
            with services.worker(server.url, folder, settings):
                services.wait_for(lambda: _is_reported(slack), EXECUTED_SECONDS)
    patience = Side((Timing("Slack's patience", SLACK_WAITS),))
    # The answer comes with the run, or after two seconds: ACKNOWLEDGED leaves half a second for the file.
    for name, seconds, most in (("answer", acknowledged, ACKNOWLEDGED), ("👀", reactions, 0.1)):
        side = Side((Timing(name, _p99(seconds)),))
        yield Ratio(f"mentions, p99 of {name}", side, patience, most)


def _mention(people: People) -> list[Sent]:
    """Evenly over the ten seconds, whether or not earlier ones were answered."""
    started = time.monotonic()

    def one(number: int) -> Sent:
        time.sleep(max(0.0, started + number * SECONDS / MENTIONS - time.monotonic()))
        return people.mention("")

    with ThreadPoolExecutor(MENTIONS) as pool:
        return list(pool.map(one, range(MENTIONS)))


def _seconds_to_react(slack: FakeSlack, sent: list[Sent]) -> list[float]:
    """From the mention, whose ts is Unix time, to the reaction that the local Slack took."""
    reacted = {
        request.params["timestamp"]: request.time + time.time() - time.monotonic()
        for request in slack.requests
        if request.method == "reactions.add"
    }
    return [reacted[each.ts] - float(each.ts) for each in sent if each.ts in reacted]


def _runs(api: str) -> int:
    answer = httpx.post(
        f"{api}/flow_runs/count", json={"flow_runs": {"tags": {"all_": ["slack"]}}}, timeout=30
    )
    return int(answer.raise_for_status().json())


def _is_reported(slack: FakeSlack) -> bool:
    return any(
        message.get("metadata", {}).get("event_type") == "voc_weekly"
        for replies in slack.threads.values()
        for message in replies
    )


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]

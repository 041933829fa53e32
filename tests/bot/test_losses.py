"""Nothing that people ask the bot is lost or answered twice, whatever ends, hangs or comes again: real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import services
from tests.bot import hanging
from tests.bot.conftest import (
    Bots,
    Prefect,
    bot_settings,
    people_of,
    replies,
    wait_for,
    wait_for_reply,
)
from tests.fakes.http import JSON, FakeServer, Proceed, Refused, Reply, Request, hang
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack, not_ok

RECEIVED, HELP, RESTARTING = "⏳ 받음", "VOC 봇 사용법", "봇이 다시 시작되는 중"


class Proxy(FakeServer):
    """What is between the bot and Prefect. It fails on demand, and passes everything else on."""

    def __init__(self, prefect: Prefect) -> None:
        super().__init__()
        self._origin = prefect.api.removesuffix("/api")

    def respond(self, request: Request) -> Reply:
        url = f"{self._origin}{request.method}?{request.query}"
        headers = {"Content-Type": request.content_type or JSON}
        answer = services.HTTP.request(request.verb, url, content=request.body, headers=headers)
        return Reply(answer.status_code, answer.content, headers={"Content-Type": JSON})

    def refuse(self, refused: Refused) -> Reply:
        raise refused

    def swallow_new_runs(self) -> None:
        """From now on, no run is created, and the bot is kept waiting."""

        def swallow(request: Request, proceed: Proceed) -> Reply | None:
            if not request.method.endswith("/create_flow_run"):
                return proceed()
            request.stopping.wait(60)
            return None

        self.on(do=swallow)


@pytest.fixture
def proxy(prefect: Prefect) -> Iterator[Proxy]:
    with Proxy(prefect) as proxy:
        yield proxy


@pytest.fixture
def requests() -> Callable[[], list[Path]]:
    """The files of requests whose work is not done."""
    return lambda: list(Path("home/requests").glob("*"))


def behind(proxy: Proxy) -> dict[str, str]:
    return {"PREFECT_API_URL": f"{proxy.url}/api"}


def test_a_request_whose_bot_is_killed_after_its_answer_becomes_one_run(
    bots: Bots, slack: FakeSlack, prefect: Prefect, proxy: Proxy, requests: Callable[[], list[Path]]
) -> None:
    with bots(**behind(proxy)) as bot:
        people = people_of(slack, bot)
        soon = people.mention("")
        assert soon.status == 200
        assert soon.seconds > 1.9 or len(prefect.runs()) == 1, "its answer means that it is a run"
        wait_for(lambda: len(prefect.runs()) == 1 and not requests())
        proxy.swallow_new_runs()
        mention, command = people.mention("2026-W46"), people.command("/voc", "2026-W45")
        for sent in (mention, command):
            assert sent.status == 200
            assert sent.seconds > 1.9
        assert len(requests()) == 2
        bot.kill()
    assert len(prefect.runs()) == 1
    with bots():
        wait_for_reply(slack, mention.ts, RECEIVED)
        wait_for(lambda: slack.responses(command.response_url))
        wait_for(lambda: not requests())
    assert len(prefect.runs()) == 3
    assert len(replies(slack, mention.ts)) == len(slack.responses(command.response_url)) == 1


def test_a_stop_while_a_run_is_started_ends_in_time_and_the_next_bot_starts_it(
    bots: Bots, slack: FakeSlack, prefect: Prefect, proxy: Proxy, requests: Callable[[], list[Path]]
) -> None:
    with bots(**behind(proxy)) as bot:
        proxy.swallow_new_runs()
        with ThreadPoolExecutor() as pool:
            sending = pool.submit(people_of(slack, bot).mention, "")
            wait_for(lambda: slack.reactions)
            assert bot.stop(patience=10) == 0
            sent = sending.result()
    assert sent.status == 200
    assert [RESTARTING in text for text in replies(slack, sent.ts)] == [True]
    assert len(requests()) == 1
    with bots():
        wait_for_reply(slack, sent.ts, RECEIVED)
        wait_for(lambda: prefect.runs("slack:told=received"))
    assert len(prefect.runs()) == 1
    assert len(replies(slack, sent.ts)) == 2


def test_the_bot_ends_in_time_although_everything_around_it_hangs(
    slack: FakeSlack, prefect: Prefect, tmp_path: Path, requests: Callable[[], list[Path]]
) -> None:
    """Prefect, Slack, a name server, and a connection of Socket Mode that does not close."""
    settings = bot_settings(slack) | {
        "PREFECT_API_URL": prefect.api,
        "PORT": "0",
        "SLACK_APP_TOKEN": slack.app_token,
    }
    bot = services.start_quickly(hanging.__name__, log=tmp_path / "bot.log", environment=settings)
    try:
        people = People(slack, connect_timeout=60)
        greeted = people.command("/hello", fields={"response_url": f"http://{hanging.NAME}/"})
        assert greeted.status == 200
        slack.on(do=hang(60))
        prefect.service.pause()
        mentioned = people.mention("")
        assert mentioned.status == 200
        assert bot.stop(patience=10) == 0
    finally:
        prefect.service.go_on()
        bot.kill()
    assert len(requests()) == 2
    assert "Traceback" not in bot.log.read_text()


def test_help_is_given_once_whatever_becomes_of_the_reaction(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    slack.on("reactions.add", do=not_ok("missing_scope"))
    with bots() as one, bots() as other:
        people = people_of(slack, one)
        sent = [people.mention("help"), people.mention("상태"), people.direct("help")]
        for each in sent:
            wait_for(lambda each=each: replies(slack, each.ts))  # type: ignore[misc]
            each.again()
            each.again(retry_num=1)
            people_of(slack, other).send_raw(*each.raw)
        last = people.mention("help")
        wait_for_reply(slack, last.ts, HELP)
    assert [len(replies(slack, each.ts)) for each in sent] == [1, 1, 1]


def test_a_reacting_bot_that_dies_does_not_keep_the_answer_from_people(
    bots: Bots, slack: FakeSlack, requests: Callable[[], list[Path]]
) -> None:
    with bots() as bot:
        people = people_of(slack, bot)
        slack.on("chat.postMessage", nth=1, do=hang(60))
        unanswered = people.mention("help")
        wait_for(lambda: "chat.postMessage" in [each.method for each in slack.requests])
        slack.on("chat.postMessage", nth=1, do=hang(60, when="after"))
        answered = people.mention("help")
        wait_for(lambda: replies(slack, answered.ts))
        wait_for(lambda: len(slack.reactions) == len(requests()) == 2)
        bot.kill()
    assert (replies(slack, unanswered.ts), len(replies(slack, answered.ts))) == ([], 1)
    with bots():
        wait_for_reply(slack, unanswered.ts, HELP)
        wait_for(lambda: not requests())
    assert [len(replies(slack, each.ts)) for each in (unanswered, answered)] == [1, 1]


def test_a_replica_leaves_the_answer_to_the_one_that_reacted_first(
    bots: Bots, slack: FakeSlack
) -> None:
    slack.on("chat.postMessage", nth=1, do=hang(4))
    with bots() as one, bots() as other:
        sent = people_of(slack, one).mention("help")
        assert not replies(slack, sent.ts), "it was answered before it was done"
        people_of(slack, other).send_raw(*sent.raw)
        wait_for_reply(slack, sent.ts, HELP)
        assert other.stop() == 0
    assert len(replies(slack, sent.ts)) == 1

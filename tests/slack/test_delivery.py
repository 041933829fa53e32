"""Each message of a report is posted once, whatever happens on the way, to Slack and to the outbox."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from catalogue.slack import WEEKLY
from flows.privacy.gate import Gate
from flows.privacy.masker import Masker
from flows.report.message import SUMMARY, Block, Delivered, Message
from flows.report.values import Category, Week, WeeklyReport
from flows.runtime.errors import SlackError
from flows.runtime.settings import Settings
from flows.slack.channels import CategoryChannels
from flows.slack.delivery import Delivery, Subject
from flows.slack.outbox import OutboxTransport
from flows.slack.remembered import RememberingTransport
from flows.slack.transport import Destination, Transport
from flows.slack.web_api import WebApiTransport
from tests.builders import (
    COMPARISON,
    KOREAN,
    WEEKS,
    build_analysis,
    build_change,
    build_changes,
    build_composer,
    build_quiet_report,
    build_report,
    build_settings,
)
from tests.fakes.http import (
    Fault,
    Proceed,
    Reply,
    Request,
    lose_reply,
    refuse_connection_before,
)
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack, not_ok
from tests.parts import slack_of

SEOUL = ZoneInfo("Asia/Seoul")
SCOPE = Subject.of_week(COMPARISON, SEOUL)
CHANNEL = Destination("C0TEST")
NEXT_WEEK = Week(
    COMPARISON.start + timedelta(days=7), COMPARISON.end + timedelta(days=7), "2025-W47"
)
WAITS = (0.01,) * 6
"""As many as in a run, and short."""
ONE_REPLY = build_report()
QUIET = build_quiet_report()


class PageStore(Protocol):
    """Where a report goes in a test: Slack or the outbox."""

    def transport(self) -> Transport:
        """A transport as a run opens it."""

    def open_thread(self) -> str:
        """The ts of a message of somebody else's to answer to."""

    def messages(self) -> list[dict[str, Any]]:
        """All messages of ours, oldest first."""


class UnpacedTransport(WebApiTransport):
    """Posts each message through a transport of its own, so that none waits for the one before."""

    def __init__(self, settings: Settings) -> None:
        assert settings.slack_bot_token is not None
        super().__init__(settings.slack_bot_token, settings.slack_api_url)
        self._settings = settings

    def post(
        self, target: Destination, text: str, blocks: tuple[Block, ...], payload: dict[str, Any]
    ) -> str:
        return slack_of(self._settings).post(target, text, blocks, payload)


class SlackPlace:
    def __init__(self, slack: FakeSlack, token: str = "xoxb-test-token") -> None:
        self.slack, self._token = slack, token

    def transport(self) -> Transport:
        return UnpacedTransport(
            build_settings(SLACK_BOT_TOKEN=self._token, SLACK_API_URL=f"{self.slack.url}/api/")
        )

    def open_thread(self) -> str:
        return self.slack.say("C0TEST", "지난주 VOC 어땠나요?")

    def messages(self) -> list[dict[str, Any]]:
        replies = [reply for thread in self.slack.threads.values() for reply in thread]
        everything = [*self.slack.messages("C0TEST"), *replies]
        ours = [message for message in everything if message["user"] == "U0BOT"]
        return sorted(ours, key=lambda message: float(message["ts"]))


class BlindPlace(SlackPlace):
    """Slack, for an app that may not read what it posted."""

    def __init__(self, slack: FakeSlack, home: Path) -> None:
        super().__init__(slack)
        self.home = home

    def transport(self) -> Transport:
        return RememberingTransport(super().transport(), lambda: self.home / "posts")


class OutboxPlace:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def transport(self) -> Transport:
        return OutboxTransport(self.folder)

    def open_thread(self) -> str:
        return "1763370000.000100"

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.json"))]


@pytest.fixture
def on_slack(slack: FakeSlack) -> Iterator[SlackPlace]:
    yield SlackPlace(slack)
    assert not slack.refusals


@pytest.fixture
def blind(tmp_path: Path) -> Iterator[BlindPlace]:
    with FakeSlack(scopes=["chat:write"]) as slack:
        yield BlindPlace(slack, tmp_path / "home")
        assert {refusal.error for refusal in slack.refusals} <= {
            "missing_scope",
            "restricted_action",
        }


@pytest.fixture(params=["slack", "blind", "outbox"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PageStore]:
    """Slack, one message a page; without its history; the outbox. At the end Slack has refused nothing else."""
    if request.param == "outbox":
        yield OutboxPlace(tmp_path / "outbox")
        return
    if request.param == "blind":
        yield request.getfixturevalue("blind")
        return
    with FakeSlack(page_size_limit=1) as slack:
        yield SlackPlace(slack)
        assert not slack.refusals


def messages_of(report: WeeklyReport) -> list[Message]:
    replies = [
        build_composer().analysis(change, build_analysis(category=change.category), WEEKS)
        for change in report.to_analyse
    ]
    return [*build_composer().summary(report), *replies]


def deliver(
    place: PageStore,
    report: WeeklyReport = ONE_REPLY,
    target: Destination = CHANNEL,
    run_id: str = "run-1",
    week: Week = COMPARISON,
    *,
    force: bool = False,
) -> list[Delivered]:
    """One run: everything of the report that does not stand there yet."""
    subject = Subject.of_week(week, SEOUL)
    delivery = Delivery(place.transport(), target, subject, run_id, force=force, waits=WAITS)
    return [delivery.post(message) for message in messages_of(report)]


# --- Once -------------------------------------------------------------------------------------


def test_a_report_is_a_summary_and_replies_in_its_thread(place: PageStore) -> None:
    summary, reply = deliver(place)
    assert [message["ts"] for message in place.messages()] == [summary.ts, reply.ts]
    assert (summary.channel, summary.thread_ts) == ("C0TEST", None)
    assert (reply.channel, reply.thread_ts) == ("C0TEST", summary.ts)
    assert place.messages()[1]["thread_ts"] == summary.ts
    assert summary.is_new
    assert reply.is_new


def test_a_message_is_listed_with_its_key_and_where_it_stands(place: PageStore) -> None:
    (summary,) = deliver(place, QUIET)
    assert summary.as_json() == {
        "key": summary.key,
        "channel": "C0TEST",
        "ts": summary.ts,
        "thread_ts": None,
    }
    (message,) = place.messages()
    payload = message["metadata"]["event_payload"]
    assert payload == {
        "key": summary.key,
        "report_week": "2025-W46",
        "target": "C0TEST",
        "kind": "summary",
        "run": "run-1",
    }


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_a_second_run_posts_nothing_and_finds_everything(place: PageStore, in_thread: bool) -> None:
    target = Destination("C0TEST", place.open_thread() if in_thread else None)
    first = deliver(place, target=target)
    before = place.messages()
    second = deliver(place, target=target, run_id="run-2")
    assert place.messages() == before
    assert second == [replace(message, is_new=False) for message in first]


def test_into_a_thread_summary_and_replies_go_side_by_side(place: PageStore) -> None:
    thread = Destination("C0TEST", place.open_thread())
    summary, reply = deliver(place, target=thread)
    assert summary.thread_ts == reply.thread_ts == thread.thread_ts
    assert {message["thread_ts"] for message in place.messages()} == {thread.thread_ts}


def test_a_thread_and_its_channel_are_two_targets(place: PageStore) -> None:
    thread = Destination("C0TEST", place.open_thread())
    in_thread = deliver(place, QUIET, target=thread)
    in_channel = deliver(place, QUIET, run_id="run-2")
    assert [message.is_new for message in (*in_thread, *in_channel)] == [True, True]
    assert len({message.key for message in (*in_thread, *in_channel)}) == 2


def test_weeks_do_not_stand_for_each_other(place: PageStore) -> None:
    (this_week,) = deliver(place, QUIET)
    (next_week,) = deliver(place, QUIET, week=NEXT_WEEK, run_id="run-2")
    assert next_week.is_new
    (again,) = deliver(place, QUIET, run_id="run-3")
    assert (again.ts, again.is_new) == (this_week.ts, False)
    assert len(place.messages()) == 2


def test_a_reply_goes_to_its_own_weeks_thread(on_slack: SlackPlace) -> None:
    deliver(on_slack, QUIET, week=NEXT_WEEK)
    summary, reply = deliver(on_slack)
    assert reply.thread_ts == summary.ts


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_a_broken_run_is_resumed_with_what_is_missing(place: PageStore, in_thread: bool) -> None:
    target = Destination("C0TEST", place.open_thread() if in_thread else None)
    broken = Delivery(place.transport(), target, SCOPE, "run-1")
    standing = broken.post(messages_of(ONE_REPLY)[0])
    summary, reply = deliver(place, target=target, run_id="run-2")
    assert summary == replace(standing, is_new=False)
    assert reply.is_new
    assert reply.thread_ts == (target.thread_ts or summary.ts)
    assert len(place.messages()) == 2


def test_categories_and_overflow_parts_have_keys_of_their_own() -> None:
    report = build_report(*build_changes("CRITICAL", 60), *build_changes("MONITOR", 60, first=101))
    delivery = Delivery(OutboxTransport(Path("unused")), CHANNEL, SCOPE, "run-1")
    messages = messages_of(report)
    assert {message.id.kind for message in messages} == {"summary", "overflow", "analysis"}
    keys = [delivery.key(message.id) for message in messages]
    assert len(set(keys)) == len(keys) > 120


def test_levels_of_a_category_are_not_run_together() -> None:
    delivery = Delivery(OutboxTransport(Path("unused")), CHANNEL, SCOPE, "run-1")
    rows = [build_change(category=("a", "b, c", "d")), build_change(category=("a, b", "c", "d"))]
    replies = messages_of(build_report(*rows))[1:]
    assert len({delivery.key(message.id) for message in replies}) == 2


LINE: Block = {
    "type": "context",
    "block_id": "line",
    "elements": [{"type": "mrkdwn", "text": "✅ 해소", "verbatim": True}],
}


def add_line(transport: Transport, target: Destination = CHANNEL) -> None:
    Delivery(transport, target, SCOPE, "run-2", waits=WAITS).append_to_summary(LINE)


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize("place", ["slack", "outbox"], indirect=True)
def test_a_summary_gets_one_more_line_once_and_stays_as_it_was(
    place: PageStore, in_thread: bool
) -> None:
    target = Destination("C0TEST", place.open_thread() if in_thread else None)
    deliver(place, target=target)
    (was, *others) = place.messages()
    for _ in range(2):
        add_line(place.transport(), target)
    (summary, *same) = place.messages()
    assert summary.pop("blocks") == [*was.pop("blocks"), LINE]
    summary.pop("edited", None)
    assert (summary, same) == (was, others)
    assert not any(each.is_new for each in deliver(place, target=target, run_id="run-3"))


def test_where_no_summary_was_posted_no_line_is_added(place: PageStore) -> None:
    add_line(place.transport())
    assert place.messages() == []


def test_an_app_that_may_not_read_adds_no_line_and_says_what_it_lacks(blind: BlindPlace) -> None:
    deliver(blind)
    with pytest.raises(SlackError, match="scope"):
        add_line(blind.transport())
    assert not any("edited" in message for message in blind.messages())


def test_a_line_with_personal_data_does_not_leave(on_slack: SlackPlace) -> None:
    deliver(on_slack)
    gate = Gate(on_slack.transport(), Masker.of_project(), KOREAN)
    line = LINE | {"elements": [{"type": "mrkdwn", "text": "010-1234-5678"}]}
    Delivery(gate, CHANNEL, SCOPE, "run-2").append_to_summary(line)
    assert not any("edited" in message for message in on_slack.messages())


def test_what_stands_can_be_asked_for_before_an_analysis_is_made(place: PageStore) -> None:
    summary, reply = messages_of(ONE_REPLY)
    first = Delivery(place.transport(), CHANNEL, SCOPE, "run-1")
    assert first.find(summary.id) is None
    first.post(summary)
    second = Delivery(place.transport(), CHANNEL, SCOPE, "run-2")
    assert second.find(SUMMARY) is not None
    assert second.find(reply.id) is None


def test_messages_of_others_do_not_count(on_slack: SlackPlace) -> None:
    slack = on_slack.slack
    slack.say("C0TEST", "VOC 2025-W46 보셨나요?")
    slack.say("C0TEST", "배포", metadata={"event_type": "deploy", "event_payload": {"run": "1"}})
    slack.say("C0TEST", "옛 버전", metadata={"event_type": WEEKLY, "event_payload": {}})
    (summary,) = deliver(on_slack, QUIET)
    assert summary.is_new


# --- Again, when asked to ---------------------------------------------------------------------


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_force_posts_again_and_what_it_posted_counts_afterwards(
    place: PageStore, in_thread: bool
) -> None:
    target = Destination("C0TEST", place.open_thread() if in_thread else None)
    first = deliver(place, target=target)
    forced = deliver(place, target=target, run_id="run-2", force=True)
    assert [message.is_new for message in forced] == [True, True]
    assert not {message.ts for message in first} & {message.ts for message in forced}
    assert forced[1].thread_ts == (target.thread_ts or forced[0].ts)

    before = place.messages()
    third = deliver(place, target=target, run_id="run-3")
    assert place.messages() == before
    assert third == [replace(message, is_new=False) for message in forced]


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_only_a_forced_report_where_one_stands_replaces_it(
    place: PageStore, in_thread: bool
) -> None:
    target = Destination("C0TEST", place.open_thread() if in_thread else None)

    def replaces(*, force: bool) -> bool:
        transport = place.transport()
        return Delivery(transport, target, SCOPE, "run-2", force=force).replaces_earlier

    assert not replaces(force=True)
    deliver(place, target=target)
    assert not replaces(force=False)
    assert replaces(force=True)


def test_a_forced_run_that_broke_resumes_under_its_own_run_id(place: PageStore) -> None:
    deliver(place, QUIET)
    (forced,) = deliver(place, QUIET, run_id="run-2", force=True)
    (resumed,) = deliver(place, QUIET, run_id="run-2", force=True)
    assert resumed == forced
    assert len(place.messages()) == 2


# --- When Slack fails -------------------------------------------------------------------------


def answer_after_effect(reply: Reply) -> Fault:
    """Take effect, but answer something else."""

    def fault(request: Request, proceed: Proceed) -> Reply:
        proceed()
        return reply

    return fault


UNCLEAR: dict[str, Fault] = {
    "lost reply": lose_reply,
    "HTTP 503": answer_after_effect(Reply(503, {"ok": False, "error": "service_unavailable"})),
    "HTTP 502 of a gateway": answer_after_effect(Reply(502, b"<html>Bad Gateway</html>")),
    "half a reply": answer_after_effect(Reply(200, b'{"ok', headers={"Content-Length": "99"})),
    "internal_error": answer_after_effect(not_ok("internal_error")),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_post_that_took_effect_without_an_answer_is_not_repeated(
    on_slack: SlackPlace, fault: Fault
) -> None:
    on_slack.slack.on("chat.postMessage", nth=1, do=fault)
    (summary,) = deliver(on_slack, QUIET)
    assert [message["ts"] for message in on_slack.messages()] == [summary.ts]
    assert summary.is_new, "this run did post it"


@pytest.mark.parametrize("in_thread", [False, True], ids=["channel", "thread"])
def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(
    on_slack: SlackPlace, in_thread: bool
) -> None:
    target = Destination("C0TEST", on_slack.open_thread() if in_thread else None)
    on_slack.slack.on("chat.postMessage", nth=2, do=lose_reply)
    summary, reply = deliver(on_slack, target=target)
    assert [message["ts"] for message in on_slack.messages()] == [summary.ts, reply.ts]


def test_a_forced_post_whose_answer_was_lost_is_not_repeated(on_slack: SlackPlace) -> None:
    deliver(on_slack, QUIET)
    on_slack.slack.on("chat.postMessage", nth=1, do=lose_reply)
    (forced,) = deliver(on_slack, QUIET, run_id="run-2", force=True)
    assert forced.is_new
    assert [message["ts"] for message in on_slack.messages()][1:] == [forced.ts]


def test_a_post_that_never_arrived_is_sent_again(on_slack: SlackPlace) -> None:
    on_slack.slack.on("chat.postMessage", nth=1, do=refuse_connection_before)
    (summary,) = deliver(on_slack, QUIET)
    assert [message["ts"] for message in on_slack.messages()] == [summary.ts]


def test_the_last_attempt_counts_when_only_its_answer_was_lost(on_slack: SlackPlace) -> None:
    last = len(WAITS) + 1
    on_slack.slack.on("chat.postMessage", nth=range(1, last), do=refuse_connection_before)
    on_slack.slack.on("chat.postMessage", nth=last, do=lose_reply)
    (summary,) = deliver(on_slack, QUIET)
    assert [message["ts"] for message in on_slack.messages()] == [summary.ts]


AWAY: dict[str, Fault] = {
    "HTTP 500": Reply(500, b""),
    "HTML": Reply(503, b"<html>Service Unavailable</html>"),
    "service_unavailable": not_ok("service_unavailable"),
    "no connection": refuse_connection_before,
    "HTTP 429": Reply(429, b"", headers={"Retry-After": "0.01"}),
}


@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY.keys())
def test_slack_is_looked_at_before_each_new_try(on_slack: SlackPlace, fault: Fault) -> None:
    on_slack.slack.on("chat.postMessage", nth=range(1, 4), do=fault)
    (summary,) = deliver(on_slack, QUIET)
    assert [message["ts"] for message in on_slack.messages()] == [summary.ts]
    calls = [request.method for request in on_slack.slack.requests]
    look, post = "conversations.history", "chat.postMessage"
    assert calls == [look, "auth.test", *[post, look] * 3, post]


@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY.keys())
def test_a_slack_that_is_away_for_longer_ends_the_run_which_can_be_resumed(
    on_slack: SlackPlace, fault: Fault
) -> None:
    tries = range(1, len(WAITS) + 2)
    on_slack.slack.on("chat.postMessage", nth=tries, do=fault)
    with pytest.raises(SlackError, match="Run again") as failure:
        deliver(on_slack, QUIET)
    assert "\n" not in str(failure.value)
    assert on_slack.messages() == []
    (summary,) = deliver(on_slack, QUIET, run_id="run-2")
    assert summary.is_new


def test_reading_is_waited_for_too_and_goes_on_at_the_page_that_failed() -> None:
    with FakeSlack(page_size_limit=1) as slack:
        place = SlackPlace(slack)
        deliver(place)
        del slack.requests[:]
        slack.on("conversations.history", nth=range(1, 4), do=Reply(500, b""))
        slack.on("conversations.replies", nth=2, do=not_ok("ratelimited"))
        slack.on("auth.test", nth=1, do=not_ok("fatal_error"))
        assert not any(message.is_new for message in deliver(place, run_id="run-2"))
    calls = Counter(request.method for request in slack.requests)
    assert calls == {
        "conversations.history": 3 + 1,
        "auth.test": 1 + 1,
        "conversations.replies": 1 + 2,
    }


@pytest.mark.parametrize(
    ("workspace", "remedy"),
    [
        ({"token": "xoxb-another"}, "SLACK_BOT_TOKEN"),
        ({"channels": {"C0OTHER": {}}}, "VOC_SLACK_CHANNEL"),
        ({"channels": {"C0TEST": {"is_member": False}}}, "/invite"),
        ({"scopes": ["channels:history", "metadata.message:read"]}, "the scope chat:write"),
        ({"scopes": ["chat:write"]}, "the scope channels:history"),
    ],
    ids=["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope", "missing_scope 2"],
)
def test_where_slack_refuses_nothing_is_posted(workspace: dict[str, Any], remedy: str) -> None:
    with FakeSlack(**workspace) as slack:
        place = SlackPlace(slack)
        with pytest.raises(SlackError, match=remedy) as failure:
            deliver(place)
        assert place.messages() == []
    assert "\n" not in str(failure.value)


# --- Without the scopes for reading what was posted ---------------------------------------------


@pytest.mark.parametrize("lacking", ["channels:history", "metadata.message:read"])
def test_an_app_that_may_not_read_says_so_and_posts_once_all_the_same(
    tmp_path: Path, lacking: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "voc")
    with FakeSlack(scopes=[scope for scope in DEFAULT_SCOPES if scope != lacking]) as slack:
        place = BlindPlace(slack, tmp_path / "home")
        first = deliver(place)
        assert f"Give the app the scope {lacking}. Until then" in caplog.text
        assert caplog.text.count("Until then") == 1
        again = deliver(place, run_id="run-2")
        assert [message.ts for message in again] == [message.ts for message in first]
        assert len(place.messages()) == len(first)


@pytest.mark.parametrize("fault", [lose_reply, refuse_connection_before])
def test_what_cannot_be_looked_up_is_not_posted_again(blind: BlindPlace, fault: Fault) -> None:
    blind.slack.on("chat.postMessage", nth=2, do=fault)
    for run_id in ("run-1", "run-2"):
        with pytest.raises(SlackError, match="may not look whether it was posted") as failure:
            deliver(blind, run_id=run_id)
        assert "\n" not in str(failure.value)
    assert [call.method for call in blind.slack.requests].count("chat.postMessage") == 2
    assert all(message.is_new for message in deliver(blind, run_id="run-3", force=True))


def test_what_slack_refuses_is_not_in_doubt(blind: BlindPlace) -> None:
    blind.slack.on("chat.postMessage", nth=2, do=not_ok("restricted_action"))
    with pytest.raises(SlackError, match="restricted_action"):
        deliver(blind)
    summary, reply = deliver(blind, run_id="run-2")
    assert (summary.is_new, reply.is_new) == (False, True)


def test_an_app_that_may_read_again_trusts_slack(blind: BlindPlace) -> None:
    blind.slack.on("chat.postMessage", nth=2, do=lose_reply)
    with pytest.raises(SlackError):
        deliver(blind)
    blind.slack.scopes = tuple(DEFAULT_SCOPES)
    assert not any(message.is_new for message in deliver(blind, run_id="run-2"))


def test_a_record_that_cannot_be_read_stops_the_run(blind: BlindPlace) -> None:
    deliver(blind)
    records = list((blind.home / "posts").iterdir())
    for record in records:
        record.write_text("{")
    with pytest.raises(SlackError, match="cannot be read from VOC_STATE_URI"):
        deliver(blind, run_id="run-2")
    assert len(blind.messages()) == 2


# --- In the categories' own channels ------------------------------------------------------------


TWO = (build_change(), build_change(category=("기업", "결제", "환불")))
TEAM = {change.category: "C0TEST" for change in TWO}


def alert(
    place: PageStore,
    run_id: str = "run-1",
    channels: dict[Category, str] | None = None,
    *,
    force: bool = False,
) -> tuple[list[Delivered], CategoryChannels]:
    """One run: every alert that its channel lacks."""

    def open_delivery(channel: str) -> Delivery:
        return Delivery(
            place.transport(), Destination(channel), SCOPE, run_id, force=force, waits=WAITS
        )

    found = CategoryChannels(TEAM if channels is None else channels, open_delivery)
    alerts = [
        build_composer().alert(change, build_analysis(), build_report(change), "C0MAIN")
        for change in TWO
        if found.lacks(change.category)
    ]
    return [each for message in alerts if (each := found.post(message))], found


def test_an_alert_stands_in_its_category_s_channel_once(place: PageStore) -> None:
    first, _ = alert(place)
    assert [message["ts"] for message in place.messages()] == [each.ts for each in first]
    assert [each.thread_ts for each in first] == [None, None]
    assert len({each.key for each in first}) == 2
    payload = place.messages()[0]["metadata"]["event_payload"]
    assert (payload["kind"], payload["target"], payload["report_week"]) == (
        *("alert", "C0TEST"),
        COMPARISON.label,
    )
    again, channels = alert(place, "run-2")
    assert again == []
    assert [channels.find(change.category) for change in TWO] == [
        replace(each, is_new=False) for each in first
    ]
    forced, _ = alert(place, "run-3", force=True)
    assert [each.is_new for each in forced] == [True, True]
    assert alert(place, "run-3", force=True)[0] == []
    assert len(place.messages()) == 4


def test_an_alert_goes_into_no_report_s_thread_and_is_found_beside_one(place: PageStore) -> None:
    """A report on the week may stand in that channel too, before or after."""
    (summary,) = deliver(place, QUIET)
    first, _ = alert(place)
    assert [each.thread_ts for each in first] == [None, None]
    (again,) = deliver(place, QUIET, run_id="run-2")
    assert again == replace(summary, is_new=False)
    assert alert(place, "run-2")[0] == []


def test_a_run_that_ended_between_two_alerts_is_resumed(place: PageStore) -> None:
    def open_delivery(channel: str) -> Delivery:
        return Delivery(place.transport(), Destination(channel), SCOPE, "run-1", waits=WAITS)

    broken = CategoryChannels(TEAM, open_delivery)
    message = build_composer().alert(TWO[0], build_analysis(), ONE_REPLY, "C0MAIN")
    assert broken.post(message)
    (rest,), _ = alert(place, "run-2")
    assert rest.is_new
    assert len(place.messages()) == 2


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_an_alert_that_took_effect_without_an_answer_is_not_repeated(
    on_slack: SlackPlace, fault: Fault
) -> None:
    on_slack.slack.on("chat.postMessage", nth=1, do=fault)
    posted, channels = alert(on_slack)
    assert [message["ts"] for message in on_slack.messages()] == [each.ts for each in posted]
    assert (len(posted), channels.failures) == (2, {})


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"is_member": False}, "not_in_channel. Invite the app"),
        ({"is_archived": True}, "is_archived. Choose another channel"),
        (None, "channel_not_found"),
    ],
)
def test_a_channel_that_fails_stops_no_other_and_gets_its_alerts_later(
    settings: dict[str, bool] | None, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"C0TEST": {}, **({"C0TEAM": settings} if settings else {})}
    channels = {TWO[0].category: "C0TEAM", TWO[1].category: "C0TEST"}
    with FakeSlack(channels=known) as slack:
        place = SlackPlace(slack)
        (posted,), failed = alert(place, channels=channels)
        assert (posted.channel, list(failed.failures)) == ("C0TEST", ["C0TEAM"])
        assert remedy in str(failed.failures["C0TEAM"])
        assert "the channel C0TEAM gets no alerts: Slack refused" in caplog.text
        slack.channels["C0TEAM"] = {}
        (late,), later = alert(place, "run-2", channels)
        assert (late.channel, late.is_new, later.failures) == ("C0TEAM", True, {})
        assert len(slack.messages("C0TEAM")) == len(slack.messages("C0TEST")) == 1


def test_a_channel_that_is_away_is_waited_for_once(on_slack: SlackPlace) -> None:
    tries = len(WAITS) + 1
    on_slack.slack.on("chat.postMessage", nth=range(1, tries + 1), do=not_ok("internal_error"))
    posted, channels = alert(on_slack)
    calls = [request.method for request in on_slack.slack.requests]
    assert (posted, calls.count("chat.postMessage")) == ([], tries)
    assert list(channels.failures) == ["C0TEST"]
    assert len(alert(on_slack, "run-2")[0]) == 2


def test_a_category_without_a_channel_lacks_nothing(place: PageStore) -> None:
    posted, channels = alert(place, channels={})
    assert (posted, channels.find(TWO[0].category)) == ([], None)
    message = build_composer().alert(TWO[0], build_analysis(), ONE_REPLY, "C0MAIN")
    assert channels.post(message) is None


def test_channel_and_thread_are_read_once_a_run_from_the_end_of_the_week_on(
    on_slack: SlackPlace,
) -> None:
    deliver(on_slack)
    del on_slack.slack.requests[:]
    deliver(on_slack, run_id="run-2")
    asked = on_slack.slack.requests
    assert sorted({call.method for call in asked}) == [
        *("auth.test", "conversations.history", "conversations.replies")
    ]
    read = [call for call in asked if call.method != "auth.test"]
    midnight_after_sunday = datetime(2025, 11, 17, tzinfo=SEOUL).timestamp()
    assert [float(call.params["oldest"]) for call in read] == [
        pytest.approx(midnight_after_sunday, abs=0.001)
    ] * 2

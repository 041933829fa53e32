"""What the operators are told."""

from __future__ import annotations

from datetime import date

import pytest

from catalogue.ending import Failed
from flows.report.message import Message, MessageId
from flows.report.values import Correction, Status
from flows.runtime.errors import SlackError
from flows.slack.notes import crash_note, failure_note, late_data_note, unposted_note
from flows.slack.transport import Destination
from flows.slack.web_api import WebApiTransport
from tests.builders import COMPARISON, KOREAN, build_composer
from tests.fakes.slack import FakeSlack

URL = "http://prefect.example/runs/flow-run/1"


@pytest.mark.parametrize(
    ("note", "parts"),
    [
        (
            late_data_note(KOREAN, COMPARISON, date(2025, 11, 15), URL),
            ["W46, 11.10–16", "2025-11-15까지만"],
        ),
        (late_data_note(KOREAN, COMPARISON, None, URL), ["W46, 11.10–16", "들어오지 않아"]),
        (
            late_data_note(
                KOREAN,
                COMPARISON,
                date(2025, 11, 15),
                URL,
                [date(2025, 11, 12), date(2025, 11, 16)],
            ),
            ["W46, 11.10–16", "2025-11-12, 2025-11-16의 티켓이 아직 들어오지 않아"],
        ),
        (
            failure_note(KOREAN, Failed("source", "table <x> & y. Set it."), URL),
            ["원천 데이터를 읽지 못했습니다.", "“table &lt;x&gt; &amp; y. Set it.”"],
        ),
        (failure_note(KOREAN, Failed("usage", "x" * 5_000), URL), ["xxx…"]),
        (failure_note(KOREAN, Failed("unexpected", "x"), URL), ["예상하지 못한 오류"]),
        (failure_note(KOREAN, None, URL), ["예상하지 못한 오류"]),
        (crash_note(KOREAN, URL), ["중간에 멈췄습니다"]),
        (
            unposted_note(KOREAN, "2025-W46", "C0TEAM", SlackError("Slack refused: <x>."), URL),
            ["2025-W46", "<#C0TEAM>", "“Slack refused: &lt;x&gt;.”"],
        ),
    ],
)
def test_a_note_says_what_happened_and_leads_to_the_run(
    slack: FakeSlack, transport: WebApiTransport, note: Message, parts: list[str]
) -> None:
    transport.post(Destination("C0TEST"), note.text, note.blocks, {"key": "k"})
    (message,) = slack.messages("C0TEST")
    assert all(part in message["text"] for part in parts)
    assert message["text"].endswith(f"<{URL}|실행 보기>")
    assert "다시 실행" in message["text"]


def test_without_an_address_there_is_no_link() -> None:
    assert "실행 보기" not in crash_note(KOREAN, None).text


def test_any_number_of_corrections_of_any_category_is_one_message(
    slack: FakeSlack, transport: WebApiTransport
) -> None:
    corrections = [
        Correction((f"<!channel> & {n}" * 20, "나", "다"), None, "CRITICAL", 0, n, "late")
        for n in range(400)
    ]
    message = build_composer().correction(COMPARISON, corrections)
    transport.post(Destination("C0TEST"), message.text, message.blocks, {"key": "k"})
    (posted,) = slack.messages("C0TEST")
    assert "– → 🔴 CRITICAL" in str(posted["blocks"])
    shown = str(posted["blocks"]).count("• *")
    assert f"_외 {400 - shown}개_" in str(posted["blocks"])


def test_the_same_corrections_are_the_same_message_whatever_the_totals() -> None:
    def of(status: Status, total: int) -> MessageId:
        correction = Correction(("가", "나", "다"), "STABLE", status, 10, total, "late")
        return build_composer().correction(COMPARISON, [correction]).id

    assert of("MONITOR", 20) == of("MONITOR", 21)
    assert of("MONITOR", 20) != of("CRITICAL", 20)

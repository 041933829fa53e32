"""The page shows what stands in the workspace, as text whatever it is, and passes on what is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.builders import WEEKS, build_analysis, build_change, build_composer, build_report
from tests.fakes.http import FakeServer, Refused, Reply, Request
from tests.fakes.people import People
from tests.fakes.slack import BOT_USER, FakeSlack
from tests.local.block_kit import message_html
from tests.local.mrkdwn import mrkdwn, typed
from tests.local.slack_page import SlackPage

Json = dict[str, Any]
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)>" onclick="x'
CHANNELS = {"C0TEST": {"name": "voc"}, "D0OTHER": {}}


class Bot(FakeServer):
    """Answers 200 to everything."""

    def respond(self, request: Request) -> Reply:
        return Reply()

    def refuse(self, refused: Refused) -> Reply:
        raise refused


class Found(HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=CHANNELS) as slack:
        yield slack


@pytest.fixture
def bot() -> Iterator[Bot]:
    with Bot() as bot:
        yield bot


@pytest.fixture
def page(slack: FakeSlack, bot: Bot) -> Iterator[SlackPage]:
    with SlackPage(slack, People(slack, events_url=bot.url + "/slack/events")) as page:
        yield page


@pytest.fixture
def browser(page: SlackPage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page.url, trust_env=False) as client:
        yield client


def channel(browser: httpx.Client, which: str = "C0TEST") -> Json:
    (found,) = [each for each in browser.get("/state").json()["channels"] if each["id"] == which]
    assert isinstance(found, dict)
    return found


def as_bot(slack: FakeSlack, text: str = "hi", **fields: Any) -> str:
    return slack.say("C0TEST", text, user=BOT_USER, **fields)


def button(**more: Any) -> Json:
    return {"type": "button", "text": {"type": "plain_text", "text": "다시"}, **more}


# --- What it shows ----------------------------------------------------------------------------


def test_the_page_is_one_file_that_loads_nothing(browser: httpx.Client) -> None:
    answer = browser.get("/")
    assert "로컬 Slack" in answer.text
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(", answer.text)
    (nonce,) = re.findall(r'<script nonce="([^"]+)"', answer.text)
    policy = answer.headers["Content-Security-Policy"]
    assert f"default-src 'none'; script-src 'nonce-{nonce}'" in policy
    assert "NONCE" not in answer.text
    assert "BOT_NAME" not in answer.text


def test_it_lists_the_channels_and_only_ones_own_direct_messages(browser: httpx.Client) -> None:
    state = browser.get("/state").json()
    assert [(each["id"], each["name"]) for each in state["channels"]] == [
        ("C0TEST", "voc"),
        ("D0HUMAN", "voc"),
    ]


def test_replies_and_reactions_stand_with_their_message(
    slack: FakeSlack, browser: httpx.Client
) -> None:
    ts = slack.say("C0TEST", "hi")
    as_bot(slack, "reply", thread_ts=ts)
    slack.reactions.append(("C0TEST", ts, "eyes"))
    slack.reactions.append(("C0TEST", ts, "custom"))
    (message,) = channel(browser)["messages"]
    assert [each["sign"] for each in message["reactions"]] == ["👀", ":custom:"]
    assert [each["html"] for each in message["replies"]] == ["<p>reply</p>"]
    assert (message["who"], message["is_bot"], message["replies"][0]["is_bot"]) == (
        "나",
        False,
        True,
    )


def test_an_ephemeral_answer_is_shown_to_its_reader_only(
    slack: FakeSlack, browser: httpx.Client
) -> None:
    for user in ("U0HUMAN", "U0OTHER"):
        slack.answer(slack.response_url("C0TEST", user), {"text": f"for {user}"})
    (message,) = channel(browser)["messages"]
    assert message["html"] == "<p>for U0HUMAN</p>"
    assert message["is_ephemeral"] is True


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="text"),
        pytest.param(
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}}]},
            id="section",
        ),
        pytest.param(
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": HOSTILE}}]},
            id="header",
        ),
        pytest.param(
            {"blocks": [{"type": HOSTILE, "title": HOSTILE}]},
            id="unknown block",
        ),
        pytest.param(
            {"blocks": [{"type": "image", "image_url": HOSTILE, "alt_text": HOSTILE}]}, id="image"
        ),
    ],
)
def test_a_hostile_message_is_text(slack: FakeSlack, browser: httpx.Client, fields: Json) -> None:
    slack.say("C0TEST", HOSTILE, **fields)
    (message,) = channel(browser)["messages"]
    found = Found(message["html"])
    assert not {"script", "img"} & set(found.elements)
    assert found.attributes <= {"class"}
    assert "&lt;script&gt;alert(1)" in message["html"]


def test_a_hostile_button_keeps_to_its_attributes() -> None:
    hostile = button(action_id=HOSTILE, value=HOSTILE, url=HOSTILE, style=HOSTILE)
    hostile["text"]["text"] = HOSTILE
    html = message_html({"text": "", "blocks": [{"type": "actions", "elements": [hostile]}]}, {})
    found = Found(html)
    assert found.elements == ["div", "button"]
    assert found.attributes == {"class", "type", "data-action", "data-value"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*굵게* _기울임_ ~취소~", "<b>굵게</b> <i>기울임</i> <s>취소</s>"),
        ("*a _b_*", "<b>a <i>b</i></b>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("`a *b* <c`", "<code>a *b* &lt;c</code>"),
        ("```a\n> b```", "<pre>a\n&gt; b</pre>"),
        ("a\nb", "a<br>b"),
        ("> a\n> b\nc", "<blockquote>a<br>b</blockquote>c"),
        ("a\n&gt; b", "a<blockquote>b</blockquote>"),
        (
            "<@U0BOT> <#C0TEST>",
            '<span class="mention">@voc</span> <span class="mention">#C0TEST</span>',
        ),
        ("&lt;b&gt; &amp;lt;", "&lt;b&gt; &amp;lt;"),
        ("<!here>", "&lt;!here&gt;"),
        ("<!date^1763370000^{date}|그날>", "그날"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        (
            "<https://e.com/?a=1&amp;b=2|보기>",
            '<a href="https://e.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">보기</a>',
        ),
    ],
)
def test_mrkdwn(text: str, html: str) -> None:
    assert mrkdwn(text, {"U0BOT": "voc"}) == html


def test_an_address_cannot_leave_its_attribute() -> None:
    assert Found(mrkdwn('<https://e.com/"onclick="x|y>', {})).attributes == {
        "href",
        "target",
        "rel",
    }


def test_what_is_typed_shows_as_typed() -> None:
    assert mrkdwn(typed("a < b & <@U0BOT> &lt;"), {}) == "a &lt; b &amp; &lt;@U0BOT&gt; &amp;lt;"


def test_a_summary_and_an_analysis_are_shown_whole(slack: FakeSlack, browser: httpx.Client) -> None:
    (summary,) = build_composer(dashboard_url="https://example.com/dashboard").summary(
        build_report()
    )
    ts = as_bot(slack, summary.text, blocks=list(summary.blocks))
    analysis = build_composer().analysis(build_change(), build_analysis(), WEEKS)
    as_bot(slack, analysis.text, blocks=list(analysis.blocks), thread_ts=ts)
    (message,) = channel(browser)["messages"]
    assert "<h3>📊 VOC 주간 리포트 · W46, 11.10–16</h3>" in message["html"]
    assert '<a class="button " href="https://example.com/dashboard"' in message["html"]
    assert "<blockquote><code>9001</code>" in message["replies"][0]["html"]
    assert "[" not in re.sub(r"<[^>]+>", "", message["html"])


# --- What it passes on ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "stored", "told"),
    [
        ("@voc 상태 <b>", "C0TEST", "<@U0BOT> 상태 &lt;b&gt;", b'"app_mention"'),
        ("있잖아 @voc야", "C0TEST", "있잖아 <@U0BOT>야", b'"app_mention"'),
        ("안녕", "D0HUMAN", "안녕", b'"channel_type": "im"'),
        ("@vocal", "C0TEST", "@vocal", None),
    ],
)
def test_typed_text_is_stored_and_delivered(
    slack: FakeSlack,
    bot: Bot,
    browser: httpx.Client,
    text: str,
    where: str,
    stored: str,
    told: bytes | None,
) -> None:
    answer = browser.post("/say", json={"channel": where, "text": text}).json()
    assert answer == {"reached": True, "status": 200}
    assert [each["text"] for each in slack.messages(where)] == [stored]
    assert [told in each.body for each in bot.requests if told] == [True] * bool(told)


def test_a_reply_goes_to_its_thread(slack: FakeSlack, bot: Bot, browser: httpx.Client) -> None:
    ts = as_bot(slack)
    for text in ("@voc 왜", "음"):
        browser.post("/say", json={"channel": "C0TEST", "text": text, "thread_ts": ts})
    assert [each["text"] for each in slack.threads[ts]] == ["<@U0BOT> 왜", "음"]
    (told,) = bot.requests
    assert told.payload["event"]["thread_ts"] == ts


def test_a_slash_makes_a_command(slack: FakeSlack, bot: Bot, browser: httpx.Client) -> None:
    browser.post("/say", json={"channel": "C0TEST", "text": "/voc status 2026-W46"})
    params = bot.requests[0].params
    assert (params["command"], params["text"]) == ("/voc", "status 2026-W46")
    assert slack.messages("C0TEST") == []


def test_a_button_is_pressed(slack: FakeSlack, bot: Bot, browser: httpx.Client) -> None:
    block = {"type": "actions", "elements": [button(action_id="retry", value="1")]}
    ts = as_bot(slack, blocks=[block])
    (message,) = channel(browser)["messages"]
    assert 'data-action="retry" data-value="1"' in message["html"]
    press = {"channel": "C0TEST", "ts": ts, "action_id": "retry", "value": "1"}
    assert browser.post("/press", json=press).json()["status"] == 200
    assert '"action_id": "retry"' in bot.requests[0].params["payload"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/say", {"channel": "C0NOWHERE", "text": "hi"}),
        ("/say", {"channel": "C0TEST", "text": "hi", "thread_ts": "1.000100"}),
        ("/say", {"text": "hi"}),
        ("/press", {"channel": "C0TEST", "ts": "1.000100", "action_id": "a"}),
        ("/shout", {}),
    ],
)
def test_nonsense_is_refused(
    slack: FakeSlack, browser: httpx.Client, path: str, body: Json
) -> None:
    assert browser.post(path, json=body).status_code == 400
    assert slack.messages("C0TEST") == []


def test_a_form_of_another_site_is_refused(slack: FakeSlack, browser: httpx.Client) -> None:
    assert browser.post("/say", data={"channel": "C0TEST", "text": "x"}).status_code == 415
    assert browser.get("/elsewhere").status_code == 404


def test_the_page_says_so_when_the_bot_is_away(slack: FakeSlack) -> None:
    away = People(slack, events_url="http://127.0.0.1:9/slack/events")
    with (
        SlackPage(slack, away) as page,
        httpx.Client(base_url=page.url, trust_env=False) as browser,
    ):
        assert browser.get("/state").json()["bot_is_there"] is False
        answer = browser.post("/say", json={"channel": "C0TEST", "text": "@voc hi"})
        assert answer.json() == {"reached": False, "status": None}
        assert len(channel(browser)["messages"]) == 1

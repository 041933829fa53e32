"""The fake workspace in a browser: read what stands in it, and talk to the bot.

with FakeSlack() as slack, SlackPage(slack, People(slack), port=8080) as page:
    print(page.url)
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.fakes.http import parse_json
from tests.fakes.people import People, Sent
from tests.fakes.slack import BOT_USER, FakeSlack
from tests.local.block_kit import message_html
from tests.local.mrkdwn import typed

HTML = Path(__file__).with_suffix(".html")
SEOUL = timezone(timedelta(hours=9))
EMOJI = {
    "eyes": "👀",
    "white_check_mark": "✅",
    "heavy_check_mark": "✔️",
    "x": "❌",
    "warning": "⚠️",
    "hourglass_flowing_sand": "⏳",
    "hourglass": "⌛",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "tada": "🎉",
    "thumbsup": "👍",
    "+1": "👍",
}
Json = dict[str, Any]


class SlackPage:
    """Serves on loopback between `__enter__` and `__exit__`.

    Args:
        port: 0 for a free one.
        user: whom one is on the page.
        bot_name: what one types after `@`.
    """

    def __init__(
        self,
        slack: FakeSlack,
        people: People,
        port: int = 0,
        *,
        user: str = "U0HUMAN",
        bot_name: str = "voc",
    ) -> None:
        self.slack, self.people, self.user, self.bot_name = slack, people, user, bot_name
        self.slack.dm(user)
        # A particle may follow: "@voc야".
        self._at_bot = re.compile(rf"(?<!\w)@{re.escape(bot_name)}(?![A-Za-z0-9_])")
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What the page asks for

    def state(self) -> Json:
        threads = self.slack.threads
        shown = [each for each in list(self.slack.channels) if self._is_shown(each)]
        return {
            "bot_is_there": self.people.reachable(),
            "channels": [
                {
                    "id": channel,
                    "name": self._names()[channel],
                    "is_direct": channel.startswith("D"),
                    "messages": self._messages(channel, threads),
                }
                for channel in shown
            ],
        }

    def say(self, channel: str, text: str, thread_ts: str | None = None) -> Sent | None:
        """Typed text: a command, a mention, a direct message, or just words (None)."""
        if channel not in self.slack.channels:
            raise LookupError(f"no channel {channel}")
        text = text.strip()
        if text.startswith("/") and thread_ts is None:
            command, _, rest = text.partition(" ")
            return self.people.command(command, rest.strip(), channel, self.user)
        said = self._at_bot.sub(f"<@{BOT_USER}>", typed(text))
        if channel.startswith("D"):
            return self.people.direct(said, self.user, thread_ts)
        if f"<@{BOT_USER}>" in said:
            return self.people.mention(said, channel, thread_ts, self.user)
        more = {"thread_ts": thread_ts} if thread_ts else {}
        self.slack.say(channel, said, user=self.user, **more)
        return None

    def press(self, channel: str, ts: str, action_id: str, value: str | None = None) -> Sent:
        return self.people.press(channel, ts, action_id, value, self.user)

    # Inside

    def _is_shown(self, channel: str) -> bool:
        return not channel.startswith("D") or channel == self.slack.dm(self.user)

    def _names(self) -> dict[str, str]:
        names = {BOT_USER: self.bot_name, self.user: "나", self.slack.dm(self.user): self.bot_name}
        for channel, settings in list(self.slack.channels.items()):
            names.setdefault(channel, str(settings.get("name", channel.lower())))
        return names

    def _messages(self, channel: str, threads: dict[str, list[Json]]) -> list[Json]:
        top, under = self.slack.messages(channel), dict(threads)
        for mine in self.slack.ephemerals(channel):
            if mine["to"] != self.user:
                continue
            if thread := mine.get("thread_ts"):
                under[thread] = [*under.get(thread, []), mine]
            else:
                top.append(mine)
        return [
            {
                **self._shown(channel, each),
                "replies": [
                    self._shown(channel, reply)
                    for reply in sorted(under.get(each["ts"], []), key=lambda one: one["ts"])
                ],
            }
            for each in sorted(top, key=lambda one: one["ts"])
        ]

    def _shown(self, channel: str, message: Json) -> Json:
        names, ts = self._names(), message["ts"]
        reactions = [
            name for place, to, name in self.slack.reactions if (place, to) == (channel, ts)
        ]
        said_at = datetime.fromtimestamp(float(ts), UTC).astimezone(SEOUL)
        return {
            "ts": ts,
            "who": names.get(message["user"], message["user"]),
            "is_bot": message["user"] == BOT_USER,
            "is_ephemeral": bool(message.get("is_ephemeral")),
            "is_edited": "edited" in message,
            "time": said_at.strftime("%H:%M"),
            "html": message_html(message, names),
            "reactions": [
                {"name": name, "sign": EMOJI.get(name, f":{name}:")} for name in reactions
            ],
        }


def _handler(page: SlackPage) -> type[BaseHTTPRequestHandler]:
    actions: dict[str, Callable[..., Sent | None]] = {"/say": page.say, "/press": page.press}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/state":
                self._send(200, page.state())
            elif self.path == "/":
                self._send_page()
            else:
                self._send(404, {"error": "not found"})

        def do_POST(self) -> None:
            # Another site's form cannot send this type.
            if self.headers.get_content_type() != "application/json":
                self._send(415, {"error": "JSON only"})
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                sent = actions[self.path](**parse_json(body.decode()))
            except (LookupError, TypeError, ValueError) as fault:
                self._send(400, {"error": str(fault)})
                return
            status = 200 if sent is None else sent.status
            self._send(200, {"reached": status is not None, "status": status})

        def _send_page(self) -> None:
            nonce = secrets.token_urlsafe(12)
            policy = (
                f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; "
                "connect-src 'self'; form-action 'none'; base-uri 'none'"
            )
            html = HTML.read_text().replace("NONCE", nonce).replace("BOT_NAME", page.bot_name)
            self._write(
                200, html.encode(), "text/html; charset=utf-8", {"Content-Security-Policy": policy}
            )

        def _send(self, status: int, body: Json) -> None:
            self._write(status, json.dumps(body).encode(), "application/json", {})

        def _write(self, status: int, body: bytes, kind: str, more: dict[str, str]) -> None:
            self.send_response(status)
            headers = {"Content-Type": kind, "Cache-Control": "no-store", **more}
            headers["Content-Length"] = str(len(body))
            headers["X-Content-Type-Options"] = "nosniff"
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # a browser that went away is no error here
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: the page polls once a second."""

    return Handler

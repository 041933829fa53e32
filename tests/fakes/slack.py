"""A strict stand-in for Slack's Web API.

    with FakeSlack() as slack:
        client = WebClient(token=slack.token, base_url=slack.url + "/api/")
        slack.on("chat.postMessage", nth=1, do=lose_reply)
        ...
        assert not slack.refusals

It refuses what Slack refuses, and also methods, arguments and blocks that this product has no use
for. What a message may be is in `message_rules` and `block_kit`, what people do in `people`, the
websocket in `socket_mode`.
"""

from __future__ import annotations

import copy
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.block_kit import CHART, complaint
from tests.fakes.conversations import (
    PAGE_LIMIT,
    TEAM,
    Conversations,
    Message,
    Params,
    is_true,
    read_page,
    shown,
)
from tests.fakes.http import (
    BODY_LIMIT,
    FORM,
    JSON,
    FakeServer,
    Proceed,
    Refusal,
    Refused,
    Reply,
    Request,
)
from tests.fakes.message_rules import read_draft
from tests.fakes.response_urls import PREFIX as RESPOND
from tests.fakes.response_urls import ResponseUrl, ResponseUrls
from tests.fakes.socket_mode import SocketMode
from tests.fakes.uploads import PREFIX as UPLOAD
from tests.fakes.uploads import File, Uploads

DEFAULT_SCOPES = (
    "chat:write",
    "commands",
    "app_mentions:read",
    "im:history",
    "im:write",
    "reactions:write",
    "files:write",
    "channels:history",
    "groups:history",
    "metadata.message:read",
    "channels:read",
    "groups:read",
    "users:read",
    "usergroups:read",
)
"""What the app's manifest asks for."""

BOT_USER, BOT_ID = "U0BOT", "B0BOT"


def not_ok(error: str) -> Reply:
    """A fault: HTTP 200 with `ok: false`, Slack's usual way to fail."""
    return Reply(body={"ok": False, "error": error})


def ratelimited(retry_after: float = 1) -> Reply:
    """A fault: HTTP 429 as Slack sends it, `retry_after` in seconds."""
    return Reply(429, {"ok": False, "error": "ratelimited"}, retry_after)


def refuse_charts(request: Request, proceed: Proceed) -> Reply | None:
    """A fault: a workspace that does not know chart blocks yet."""
    return not_ok("invalid_blocks") if CHART in str(request.params.get("blocks")) else proceed()


@dataclass(frozen=True)
class _Method:
    """A Web API method: its arguments and its scope (`{kind}` is the channel's)."""

    run: Callable[[FakeSlack, Params], dict[str, Any]]
    required: str = ""
    optional: str = ""
    scope: str = ""
    app_level: bool = False


class FakeSlack(FakeServer):
    """One workspace with one app in it.

    Args:
        channels: by id; `is_member` (default true), `is_private`, `is_archived`, `name`.
        users: by id; `deleted` (default false).
        usergroups: ids of those that are not disabled.
        messages_per_second: per channel, as Slack's "about one"; None for no limit.
        page_size_limit: the most messages a page, whatever the client's `limit` says; Slack
            reserves the right to return fewer than asked for.
        clock: gives the Unix time that `ts` is made from and response URLs expire by.
        app_token: the app-level token, for `apps.connections.open` only.
    """

    prefix = "/api/"

    def __init__(
        self,
        token: str = "xoxb-test-token",
        channels: Mapping[str, Mapping[str, Any]] | None = None,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        messages_per_second: float | None = None,
        page_size_limit: int = PAGE_LIMIT,
        clock: Callable[[], float] = time.time,
        app_token: str = "xapp-test-token",
        users: Mapping[str, Mapping[str, Any]] | None = None,
        usergroups: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.token, self.app_token, self.scopes = token, app_token, tuple(scopes)
        self.channels = dict(channels or {"C0TEST": {"is_member": True}})
        self.users, self.usergroups = dict(users or {}), tuple(usergroups)
        self.messages_per_second = messages_per_second
        self.page_size_limit = page_size_limit
        self.reactions: list[tuple[str, str, str]] = []
        self.socket = SocketMode(lambda error, why: self._note(SocketMode.NAME, error, [why]))
        self._conversations = Conversations(clock)
        self._ephemerals: list[Message] = []
        self._response_urls = ResponseUrls(clock)
        self._uploads = Uploads()
        self._last_posts: dict[str, float] = {}

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.socket.stop()
        super().__exit__(kind, *rest)

    # What a test looks at, and what it puts there

    def messages(self, channel: str) -> list[Message]:
        """The channel's messages without thread replies, oldest first."""
        with self._lock:
            return copy.deepcopy(self._conversations.top_level(channel))

    @property
    def threads(self) -> dict[str, list[Message]]:
        """The replies of each thread, oldest first, by the parent's `ts`."""
        with self._lock:
            return copy.deepcopy(self._conversations.replies())

    @property
    def files(self) -> dict[str, File]:
        """All files that a client announced, by id."""
        return self._uploads.files

    def message(self, channel: str, ts: str) -> Message:
        """One message or reply, or what only one person sees; LookupError if it is not there."""
        for ephemeral in self.ephemerals(channel):
            if ephemeral["ts"] == ts:
                return ephemeral
        with self._lock:
            try:
                return copy.deepcopy(self._conversations.find(channel, ts))
            except Refused:
                raise LookupError(f"no message {ts} in {channel}") from None

    def ephemerals(self, channel: str) -> list[Message]:
        """What only one person sees (`to`), oldest first; no method of the Web API reads it."""
        with self._lock:
            return copy.deepcopy([each for each in self._ephemerals if each["channel"] == channel])

    def say(self, channel: str, text: str, *, user: str = "U0HUMAN", **fields: Any) -> str:
        """Put a message there as somebody else, unchecked; returns its `ts`.

        `fields` are further message fields, such as `thread_ts` or `metadata`. LookupError if
        the thread is not there.
        """
        with self._lock:
            try:
                message = self._conversations.add(channel, {"user": user, "text": text, **fields})
            except Refused:
                raise LookupError(f"no thread {fields['thread_ts']} in {channel}") from None
            return str(message["ts"])

    def dm(self, user: str) -> str:
        """The id of the bot's direct messages with a user, opened if need be."""
        channel = "D" + user[1:]
        with self._lock:
            self.channels.setdefault(channel, {"is_im": True, "user": user})
        return channel

    def response_url(self, channel: str, user: str) -> str:
        """A new one, for what `user` did in `channel`."""
        with self._lock:
            return self.url + self._response_urls.new(channel, user).path

    def responses(self, url: str) -> list[Params]:
        """What was sent to a response URL in time, oldest first, refused or not."""
        with self._lock:
            return copy.deepcopy(self._response_urls.find(url.removeprefix(self.url)).sent)

    def answer(self, url: str, params: Params) -> None:
        """Show what came back as the body of a command's acknowledgement; counts as no use."""
        with self._lock:
            place = self._response_urls.find(url.removeprefix(self.url))
            try:
                self._answer(place, params)
            except Refused as refused:
                self._note("acknowledgement", refused.error, refused.details)

    def _note(self, method: str, error: str, details: Sequence[str]) -> None:
        """Record a refusal of something that was not a request."""
        self.refusals.append(Refusal(0, method, error, tuple(details)))

    # From request to answer

    def respond(self, request: Request) -> Reply:
        if request.method.startswith(UPLOAD):
            with self._lock:
                return self._uploads.take(request)
        if request.method.startswith(RESPOND):
            return self._respond_to(request)
        method = _METHODS.get(request.method)
        if method is None:
            raise Refused("unknown_method")
        params = _read(request)
        self._authenticate(request, params, self.app_token if method.app_level else self.token)
        if params.pop("team_id", TEAM) != TEAM:  # Bolt's clients send it with every call
            raise Refused("team_access_not_granted")
        _check_arguments(method, params)
        with self._lock:
            if method.run is FakeSlack._post and params["channel"].startswith("U"):
                params["channel"] = self._opened(params["channel"])
            if channel := params.get("channel", params.get("channel_id")):
                self._check_channel(method, channel)
            elif method.scope:
                self._check_scope(method.scope)
            body = {"ok": True, **method.run(self, params)}
        return Reply(body=body, headers={"x-oauth-scopes": ",".join(self.scopes)})

    def refuse(self, refused: Refused) -> Reply:
        body = {"ok": False, "error": refused.error, **refused.extra}
        if refused.details:
            body["response_metadata"] = {"messages": list(refused.details)}
        return Reply(refused.status, body, refused.retry_after)

    def _respond_to(self, request: Request) -> Reply:
        with self._lock:
            url = self._response_urls.use(request.method)
            if request.content_type != JSON:
                raise Refused("invalid_payload", [request.content_type], 400)
            params = _read(request)
            url.sent.append(params)
            try:
                self._answer(url, copy.deepcopy(params))
            except Refused as refused:
                refused.status = 400
                raise
        return Reply(body=b"ok")

    def _authenticate(self, request: Request, params: Params, right: str) -> None:
        in_form = params.pop("token", "") if request.content_type == FORM else ""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or in_form
        if not token:
            raise Refused("not_authed")
        if token not in (self.token, self.app_token):
            raise Refused("invalid_auth")
        if token != right:
            raise Refused("not_allowed_token_type")

    def _opened(self, user: str) -> str:
        self._check_scope("chat:write")
        self._check_scope("im:write")
        if user == BOT_USER:
            raise Refused("cannot_dm_bot")
        return self.dm(user)

    def _check_channel(self, method: _Method, channel: str) -> None:
        settings = self.channels.get(channel, {})
        private = settings.get("is_private", channel.startswith("G"))
        kind = "im" if channel.startswith("D") else "groups" if private else "channels"
        if method.scope:
            self._check_scope(method.scope.format(kind=kind))
        member = settings.get("is_member", True)
        if channel not in self.channels or (private and not member):
            raise Refused("channel_not_found", ["channel ids only, not names"])
        if not member and not method.scope.endswith(":read"):
            raise Refused("not_in_channel")
        if method.scope.endswith(":write") and settings.get("is_archived"):
            raise Refused("is_archived")

    def _check_scope(self, needed: str) -> None:
        if needed not in self.scopes:
            extra = {"needed": needed, "provided": ",".join(self.scopes)}
            raise Refused("missing_scope", extra=extra)

    def _check_pace(self, channel: str) -> None:
        if not self.messages_per_second:
            return
        # A tenth earlier than the rate says is let pass: Slack allows short bursts.
        now, gap = time.monotonic(), 0.9 / self.messages_per_second
        wait = self._last_posts.get(channel, -math.inf) + gap - now
        if wait > 0:
            raise Refused("ratelimited", status=429, retry_after=max(1, math.ceil(wait)))
        self._last_posts[channel] = now

    # The methods

    def _auth_test(self, params: Params) -> dict[str, Any]:
        who = {"user": "voc", "user_id": BOT_USER, "bot_id": BOT_ID}
        return {"url": self.url, "team": "Test", "team_id": TEAM, **who}

    def _open_connection(self, params: Params) -> dict[str, Any]:
        return {"url": self.socket.open()}

    def _post(self, params: Params) -> dict[str, Any]:
        draft = read_draft(params, unfurl_flags_required=True)
        channel = draft["channel"]
        self._check_pace(channel)
        message = self._add(channel, draft, "text", "blocks", "metadata", "thread_ts")
        return {"channel": channel, "ts": message["ts"], "message": shown(message)}

    def _update(self, params: Params) -> dict[str, Any]:
        draft = read_draft(params)
        channel, ts = draft["channel"], draft["ts"]
        message = self._conversations.find(channel, ts)
        if message["user"] != BOT_USER:
            raise Refused("cant_update_message")
        # What is not sent is kept; an empty list removes the blocks.
        message |= {key: draft[key] for key in ("text", "blocks", "metadata") if key in params}
        message["edited"] = {"user": BOT_USER, "ts": self._conversations.next_ts()}
        return {"channel": channel, "ts": ts, "text": message["text"], "message": shown(message)}

    def _permalink(self, params: Params) -> dict[str, Any]:
        channel, ts = params["channel"], params["message_ts"]
        self._conversations.find(channel, ts)
        place = f"archives/{channel}/p{ts.replace('.', '')}"
        return {"channel": channel, "permalink": f"https://test.slack.com/{place}"}

    def _answer(self, url: ResponseUrl, params: Params) -> None:
        """Show one person what was sent to a response URL."""
        _check_arguments(_RESPONSE, params)
        if params.get("response_type", "ephemeral") != "ephemeral":
            raise Refused("invalid_arguments", [complaint("must be ephemeral", "/response_type")])
        if is_true(params.get("replace_original")):
            raise Refused("invalid_arguments", [complaint("must be false", "/replace_original")])
        draft = read_draft(params)
        fields = {key: draft[key] for key in ("text", "blocks") if draft[key]}
        place = {"channel": url.channel, "to": url.user, "is_ephemeral": True}
        ts = self._conversations.next_ts()
        self._ephemerals.append({"type": "message", "user": BOT_USER, "ts": ts, **place, **fields})

    def _announce_file(self, params: Params) -> dict[str, Any]:
        file = self._uploads.announce(params)
        return {"upload_url": f"{self.url}{UPLOAD}{file.id}", "file_id": file.id}

    def _share_files(self, params: Params) -> dict[str, Any]:
        """Put what was uploaded into a channel or thread, as one message without text."""
        channel, thread = params["channel_id"], params.get("thread_ts")
        if thread is not None:
            self._conversations.thread(channel, thread)  # refused before the files count as shared
        files = [file | {"user": BOT_USER} for file in self._uploads.share(params["files"])]
        self._add(channel, params | {"text": "", "files": files}, "text", "files", "thread_ts")
        return {"files": files}

    def _react(self, params: Params) -> dict[str, Any]:
        message = self._conversations.find(params["channel"], params["timestamp"])
        reaction = (params["channel"], message["ts"], params["name"])
        if not re.fullmatch(r"[\w+'-]+", params["name"]):
            raise Refused("invalid_name", [params["name"]])
        if reaction in self.reactions:
            raise Refused("already_reacted")
        self.reactions.append(reaction)
        return {}

    def _history(self, params: Params) -> dict[str, Any]:
        channel = params["channel"]
        newest_first = self._conversations.top_level(channel)[::-1]
        return self._page(newest_first, params, f"history {channel}")

    def _replies(self, params: Params) -> dict[str, Any]:
        channel, ts = params["channel"], params["ts"]
        thread = self._conversations.thread(channel, ts)
        return self._page(thread, params, f"replies {channel} {ts}")

    def _channel_info(self, params: Params) -> dict[str, Any]:
        channel = params["channel"]
        settings = {"is_member": True, "is_archived": False, **self.channels[channel]}
        return {"channel": {"id": channel, **settings}}

    def _user_info(self, params: Params) -> dict[str, Any]:
        user = params["user"]
        if user not in self.users:
            raise Refused("user_not_found")
        return {"user": {"id": user, "deleted": False, **self.users[user]}}

    def _list_usergroups(self, params: Params) -> dict[str, Any]:
        return {"usergroups": [{"id": group} for group in self.usergroups]}

    def _page(self, messages: list[Message], params: Params, subject: str) -> dict[str, Any]:
        if is_true(params.get("include_all_metadata")):
            self._check_scope("metadata.message:read")
        return read_page(messages, params, subject, self.page_size_limit)

    def _add(self, channel: str, draft: Params, *keys: str) -> Message:
        fields = {key: draft[key] for key in keys if draft.get(key) not in (None, [])}
        return self._conversations.add(channel, {"user": BOT_USER, "bot_id": BOT_ID, **fields})


def _read(request: Request) -> Params:
    if len(request.body) > BODY_LIMIT:
        raise Refused("request_too_large", status=413)
    if request.body and request.content_type not in (FORM, JSON):
        raise Refused("invalid_post_type", [request.content_type])
    if request.body and request.content_type == JSON:
        if request.payload is None:
            raise Refused("invalid_json")
        if not isinstance(request.payload, dict):
            raise Refused("json_not_object")
    return dict(request.params)


def _check_arguments(method: _Method, params: Params) -> None:
    required, optional = set(method.required.split()), set(method.optional.split())
    texts = params.keys() & set(_STRINGS.split())
    wrong = {
        "must be sent": required - params.keys(),
        "must not be sent": params.keys() - required - optional,
        "must be a string": {each for each in texts if not isinstance(params[each], str)},
    }
    if any(wrong.values()):
        reasons = [complaint(what, f"/{each}") for what in wrong for each in sorted(wrong[what])]
        raise Refused("invalid_arguments", reasons)


_STRINGS = "channel channel_id user filename text ts thread_ts message_ts timestamp name cursor"
_PAGING = "cursor limit oldest latest inclusive include_all_metadata"
_RESPONSE = _Method(
    FakeSlack._post, "", "text blocks response_type replace_original unfurl_links unfurl_media"
)
_METHODS = {
    "apps.connections.open": _Method(FakeSlack._open_connection, app_level=True),
    "auth.test": _Method(FakeSlack._auth_test),
    "chat.postMessage": _Method(
        FakeSlack._post,
        "channel",
        "text blocks metadata thread_ts parse unfurl_links unfurl_media",
        "chat:write",
    ),
    "chat.getPermalink": _Method(FakeSlack._permalink, "channel message_ts"),
    "chat.update": _Method(
        FakeSlack._update, "channel ts", "text blocks metadata parse", "chat:write"
    ),
    "files.getUploadURLExternal": _Method(
        FakeSlack._announce_file, "filename length", "alt_txt", "files:write"
    ),
    "files.completeUploadExternal": _Method(
        FakeSlack._share_files, "files channel_id", "thread_ts", "files:write"
    ),
    "reactions.add": _Method(FakeSlack._react, "channel timestamp name", "", "reactions:write"),
    "conversations.history": _Method(FakeSlack._history, "channel", _PAGING, "{kind}:history"),
    "conversations.replies": _Method(FakeSlack._replies, "channel ts", _PAGING, "{kind}:history"),
    "conversations.info": _Method(FakeSlack._channel_info, "channel", "", "{kind}:read"),
    "users.info": _Method(FakeSlack._user_info, "user", "", "users:read"),
    "usergroups.list": _Method(FakeSlack._list_usergroups, "", "", "usergroups:read"),
}

"""A strict stand-in for Slack's Web API.

    with FakeSlack() as slack:
        client = WebClient(token=slack.token, base_url=slack.url + "/api/")
        slack.on("chat.postMessage", nth=1, do=lose_reply)
        ...
        assert not slack.refusals

It refuses what Slack refuses, and three things more that Slack would let pass and a careful client
never sends: text that is not escaped (`unescaped_text`), messages that may unfurl
(`unfurl_not_disabled`), and arguments or blocks this product has no use for.

What people do there is in `tests.fakes.people`, the websocket in `tests.fakes.socket_mode`.
"""

from __future__ import annotations

import base64
import copy
import json
import math
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

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
    parse_json,
)
from tests.fakes.response_urls import PREFIX, ResponseUrl, ResponseUrls
from tests.fakes.socket_mode import SocketMode

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
)
"""What the app's manifest asks for. Not among them: `channels:read`, so `conversations.info`
is refused, as it would be there."""

BOT_USER, BOT_ID, TEAM = "U0BOT", "B0BOT", "T0TEST"

BLOCKS_TEXT_LIMIT = 13_200
"""Characters of all blocks together; undocumented, found by users of Slack's SDKs."""
TEXT_LIMIT = 40_000
"""Slack's documented limit for `text`, past which it truncates; refused here."""
METADATA_LIMIT = 16_000
"""Bytes of JSON. Slack refuses large payloads but documents no number: this one is ours."""
PAGE_LIMIT = 999
"""Slack's documented limit for `limit`."""
PAGE_DEFAULT = 100
UPLOADS = "/upload/"
"""Where files go, as the path of a URL that the client is given."""

Message = dict[str, Any]
Params = dict[str, Any]


def not_ok(error: str) -> Reply:
    """A fault: HTTP 200 with `ok: false`, Slack's usual way to fail."""
    return Reply(body={"ok": False, "error": error})


def ratelimited(retry_after: float = 1) -> Reply:
    """A fault: HTTP 429 as Slack sends it, `retry_after` in seconds."""
    return Reply(429, {"ok": False, "error": "ratelimited"}, retry_after)


def refuse_charts(request: Request, proceed: Proceed) -> Reply | None:
    """A fault: a workspace that does not know chart blocks yet."""
    is_unknown = "data_visualization" in str(request.params.get("blocks"))
    return not_ok("invalid_blocks") if is_unknown else proceed()


# --- Block Kit, as a table of checks ---------------------------------------------------------

Check = Callable[[Any, str], Iterator[str]]
"""Takes a value and its JSON pointer, yields what is wrong with it."""


def _wrong(what: str, at: str) -> str:
    return f"[ERROR] {what} [json-pointer:{at}]"


def _must(what: str, passes: Callable[[Any], object]) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not passes(value):
            yield _wrong(f"must {what}", at)

    return check


def _all(*checks: Check) -> Check:
    """The first check that fails; each may rely on what those before it found in order."""

    def check(value: Any, at: str) -> Iterator[str]:
        failing = (found for each in checks if (found := list(each(value, at))))
        yield from next(failing, [])

    return check


def _within(value: Any, kind: type[Sized], least: int, most: int | None) -> bool:
    return isinstance(value, kind) and least <= len(value) <= (most or math.inf)


def _string(most: int | None) -> Check:
    return _must(
        f"be a string of 1 to {most or 'many'} characters",
        lambda value: _within(value, str, 1, most),
    )


def _items(most: int | None, each: Check, least: int = 1) -> Check:
    def every(value: list[Any], at: str) -> Iterator[str]:
        for index, item in enumerate(value):
            yield from each(item, f"{at}/{index}")

    size = f"be an array of {least} to {most or 'many'} items"
    return _all(_must(size, lambda value: _within(value, list, least, most)), every)


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: dict[str, Any], at: str) -> Iterator[str]:
        for key in sorted(required.keys() - value.keys()):
            yield _wrong(f"must have {key}", at)
        for key, part in value.items():
            if key in known:
                yield from known[key](part, f"{at}/{key}")
            elif key != "type":
                yield _wrong(f"must not have {key}", at)

    return _all(_must("be an object", lambda value: isinstance(value, dict)), check)


def _typed(kinds: Mapping[str, Check]) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        unknown = _must(f"have one of the types {', '.join(kinds)}", lambda _: False)
        yield from kinds.get(str(kind), unknown)(value, at)

    return check


def _one_of(*allowed: str) -> Check:
    return _must(f"be one of {', '.join(allowed)}", lambda value: value in allowed)


def _unique(key: str) -> Check:
    def passes(items: list[dict[str, Any]]) -> bool:
        values = [item[key] for item in items if key in item]
        return len(values) == len(set(values))

    return _must(f"have a different {key} in each item", passes)


def _at_most(count: int, kind: str) -> Check:
    return _must(
        f"have no more than {count} {kind}",
        lambda blocks: [block["type"] for block in blocks].count(kind) <= count,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(limit: int) -> dict[str, Check]:
    return {"plain_text": _object({"text": _string(limit)}, {"emoji": _boolean})}


def _plain_or_mrkdwn(limit: int) -> dict[str, Check]:
    return {**_plain(limit), "mrkdwn": _object({"text": _string(limit)}, {"verbatim": _boolean})}


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return _object(required, {**(optional or {}), "block_id": _string(255)})


_boolean = _must("be a boolean", lambda value: isinstance(value, bool))
_number = _must("be a number", _is_number)
_positive = _must("be a number above 0", lambda value: _is_number(value) and value > 0)

_IMAGE = {"image_url": _string(3000), "alt_text": _string(2000)}
_BUTTON = _object(
    {"text": _typed(_plain(75))},
    {
        "action_id": _string(255),
        "url": _string(3000),
        "value": _string(2000),
        "style": _one_of("primary", "danger"),
        "accessibility_label": _string(75),
    },
)
_SECTION = {
    "text": _typed(_plain_or_mrkdwn(3000)),
    "fields": _items(10, _typed(_plain_or_mrkdwn(2000))),
    "accessory": _typed({"button": _BUTTON, "image": _object(_IMAGE)}),
    "expand": _boolean,
}
_TEXT_OR_FIELDS = _must("have text or fields", lambda section: section.keys() & {"text", "fields"})
_CONTEXT_ELEMENT = _typed({**_plain_or_mrkdwn(3000), "image": _object(_IMAGE)})
_ACTIONS = _all(_items(25, _typed({"button": _BUTTON})), _unique("action_id"))

_ANY_TEXT = _string(None)
_STYLE = _object({}, dict.fromkeys(("bold", "italic", "strike", "code"), _boolean))
_RICH_TEXT_ELEMENTS = {
    "text": _object({"text": _ANY_TEXT}, {"style": _STYLE}),
    "link": _object({"url": _ANY_TEXT}, {"text": _ANY_TEXT, "style": _STYLE}),
    "emoji": _object({"name": _ANY_TEXT}),
}
_RICH_TEXT_SECTION = _object({"elements": _items(None, _typed(_RICH_TEXT_ELEMENTS))})
_RICH_TEXT = _block({"elements": _items(None, _typed({"rich_text_section": _RICH_TEXT_SECTION}))})

_CELL = _typed({"raw_text": _object({"text": _ANY_TEXT}), "rich_text": _RICH_TEXT})
_COLUMN = {"align": _one_of("left", "center", "right"), "is_wrapped": _boolean}
_TABLE = _block(
    {"rows": _items(100, _items(20, _CELL))}, {"column_settings": _items(20, _object({}, _COLUMN))}
)
_SMALL_ENOUGH = _must(
    "have no more than 10000 characters in all cells",
    lambda table: sum(map(len, _texts(table["rows"]))) <= 10_000,
)

_LABEL = _string(20)
_SERIES = _object(
    {"name": _LABEL, "data": _items(20, _object({"label": _LABEL, "value": _number}))}
)
_AXES = _object(
    {"categories": _items(20, _LABEL)}, dict.fromkeys(("x_label", "y_label"), _string(50))
)
_XY_CHART = _all(
    _object({"series": _all(_items(6, _SERIES), _unique("name")), "axis_config": _AXES}),
    _must(
        "have one value for each category in each series",
        lambda chart: all(
            [point["label"] for point in series["data"]] == chart["axis_config"]["categories"]
            for series in chart["series"]
        ),
    ),
)
_PIE = _object({"segments": _items(6, _object({"label": _LABEL, "value": _positive}))})
_CHARTS = {"pie": _PIE, "bar": _XY_CHART, "area": _XY_CHART, "line": _XY_CHART}

_BLOCK = _typed(
    {
        "header": _block({"text": _typed(_plain(150))}),
        "section": _all(_block({}, _SECTION), _TEXT_OR_FIELDS),
        "divider": _block({}),
        "context": _block({"elements": _items(10, _CONTEXT_ELEMENT)}),
        "actions": _block({"elements": _ACTIONS}),
        "image": _block(_IMAGE, {"title": _typed(_plain(2000))}),
        "rich_text": _RICH_TEXT,
        "table": _all(_TABLE, _SMALL_ENOUGH),
        "data_visualization": _block({"title": _string(50), "chart": _typed(_CHARTS)}),
    }
)
BLOCKS: Check = _all(
    _items(50, _BLOCK, least=0),
    _unique("block_id"),
    _at_most(1, "table"),
    _at_most(2, "data_visualization"),
)
"""Slack's documented limits for the blocks of one message."""

_NOT_SHOWN = {"type", "block_id", "action_id", "value", "url", "image_url", "style", "align"}


def _nodes(value: Any, at: str = "/blocks") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in `value` with its JSON pointer, outermost first."""
    if isinstance(value, dict):
        yield at, value
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        if isinstance(child, dict | list):
            yield from _nodes(child, f"{at}/{key}")


def _texts(value: Any) -> Iterator[str]:
    """Every string in `value` that a reader would see."""
    for _, node in _nodes(value):
        yield from (
            each for key, each in node.items() if isinstance(each, str) and key not in _NOT_SHOWN
        )


# --- Messages ---------------------------------------------------------------------------------

_ESCAPED = r"&(?:amp|lt|gt);"
_LINK_LABEL = rf"(?:\|(?:[^<>|&\n]|{_ESCAPED})+)"
_CONTROL = re.compile(
    rf"(?P<fine>{_ESCAPED}"
    rf"|<(?:https?://|mailto:)(?:[^\s<>|&]|{_ESCAPED})+{_LINK_LABEL}?>"
    rf"|<(?:#C|@[UW])[A-Z0-9]+{_LINK_LABEL}?>"
    rf"|<!date\^\d+\^[^<>|&]+{_LINK_LABEL}>"
    r"|^>{1,3})"
    r"|[<>&].{0,20}",
    re.MULTILINE,
)


def unescaped(text: str) -> list[str]:
    """Where `text` has a bare `&`, `<` or `>`: each excerpt begins with it.

    Fine are entities, links, a mention of one user or channel, dates, and a quote at the start of
    a line; refused, above all, is whatever pings many: `<!channel>` and its kind.
    """
    return [found[0] for found in _CONTROL.finditer(text) if not found["fine"]]


def _is_metadata(value: Any) -> bool:
    """As the SDK's types have it: a payload of scalars, flat objects and lists of flat objects."""

    def flat(each: Any) -> bool:
        return isinstance(each, dict) and all(map(scalar, each.values()))

    def scalar(each: Any) -> bool:
        return isinstance(each, str | int | float)

    return (
        isinstance(value, dict)
        and value.keys() == {"event_type", "event_payload"}
        and isinstance(value["event_type"], str)
        and value["event_type"] != ""
        and isinstance(value["event_payload"], dict)
        and all(
            scalar(each) or flat(each) or (isinstance(each, list) and all(map(flat, each)))
            for each in value["event_payload"].values()
        )
        and len(json.dumps(value)) <= METADATA_LIMIT
    )


def _unfurling(draft: Params) -> Iterator[str]:
    for name in ("unfurl_links", "unfurl_media"):
        if draft.get(name) not in (False, "false", "0"):
            yield f"{name} must be sent as false"


def _unfurling_if_asked(draft: Params) -> Iterator[str]:
    return _unfurling({"unfurl_links": False, "unfurl_media": False, **draft})


def _textless(draft: Params) -> Iterator[str]:
    if not isinstance(draft.get("text"), str) or not draft["text"].strip():
        yield "text is what notifications and screen readers read: it goes with blocks too"


def _too_long(draft: Params) -> Iterator[str]:
    if len(draft["text"]) > TEXT_LIMIT:
        yield f"text has {len(draft['text'])} characters"


def _invalid_blocks(draft: Params) -> Iterator[str]:
    return BLOCKS(draft["blocks"], "/blocks")


def _blocks_too_long(draft: Params) -> Iterator[str]:
    total = sum(map(len, _texts(draft["blocks"])))
    if total > BLOCKS_TEXT_LIMIT:
        yield f"blocks have {total} characters"


def _not_escaped(draft: Params) -> Iterator[str]:
    mrkdwn = {at: node for at, node in _nodes(draft["blocks"]) if node.get("type") == "mrkdwn"}
    for at, node in {"": draft, **mrkdwn}.items():
        for excerpt in unescaped(node["text"]):
            yield _wrong(f"not escaped: {excerpt}", f"{at}/text")


def _bad_metadata(draft: Params) -> Iterator[str]:
    if "metadata" in draft and not _is_metadata(draft["metadata"]):
        yield f"metadata is event_type and event_payload, at most {METADATA_LIMIT} bytes"


def _parsed(draft: Params) -> Iterator[str]:
    if draft.get("parse", "none") != "none":
        yield _wrong("must be none, or Slack makes links and mentions of plain words", "/parse")


_DRAFT_CHECKS: dict[str, Callable[[Params], Iterable[str]]] = {
    "invalid_arguments": _parsed,
    "no_text": _textless,
    "msg_too_long": _too_long,
    "invalid_blocks": _invalid_blocks,
    "msg_blocks_too_long": _blocks_too_long,
    "unescaped_text": _not_escaped,
    "invalid_metadata_format": _bad_metadata,
}
"""Error and what yields the reasons for it; a later check may rely on the earlier ones."""


def _check_draft(draft: Params, checks: Mapping[str, Callable[[Params], Iterable[str]]]) -> None:
    for error, check in checks.items():
        if reasons := list(check(draft)):
            raise Refused(error, reasons)


def _decoded(params: Params) -> Params:
    """`params` with blocks and metadata as objects: in a form they are JSON strings."""
    draft = {"blocks": [], **params}
    for name in ("blocks", "metadata"):
        if isinstance(draft.get(name), str):
            try:
                draft[name] = parse_json(draft[name])
            except ValueError as fault:
                raise Refused(f"invalid_{name}_format", [str(fault)]) from None
    return draft


def _true(value: Any) -> bool:
    return value in (True, "true", "1")


# --- The server -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Method:
    """A Web API method: its arguments, its scope (`{kind}` is the channel's), who may call it."""

    run: Callable[[FakeSlack, Params], dict[str, Any]]
    required: str = ""
    optional: str = ""
    scope: str = ""
    members_only: bool = True
    app_level: bool = False


@dataclass
class File:
    """A file on its way: announced, uploaded, shared."""

    id: str
    name: str
    length: int
    alt_text: str
    content: bytes | None = field(default=None, repr=False)
    is_shared: bool = False


class FakeSlack(FakeServer):
    """One workspace with one app in it.

    Args:
        channels: by id; `is_member` (default true), `is_private`, `is_archived`, `name`.
        messages_per_second: per channel, as Slack's "about one"; None for no limit.
        history_calls_per_minute: per method that reads; Slack allows about 50; None for no limit.
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
        history_calls_per_minute: int | None = None,
        page_size_limit: int = PAGE_LIMIT,
        clock: Callable[[], float] = time.time,
        app_token: str = "xapp-test-token",
    ) -> None:
        super().__init__()
        self.token, self.app_token, self.scopes = token, app_token, tuple(scopes)
        self.channels = dict(channels or {"C0TEST": {"is_member": True}})
        self.messages_per_second = messages_per_second
        self.history_calls_per_minute = history_calls_per_minute
        self.page_size_limit = page_size_limit
        self.reactions: list[tuple[str, str, str]] = []
        self._clock, self._last_ts = clock, 0
        self._messages: dict[tuple[str, str], Message] = {}
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._ephemerals: dict[tuple[str, str], Message] = {}
        self._response_urls = ResponseUrls(clock)
        self.files: dict[str, File] = {}
        self.socket = SocketMode(lambda error, why: self._note(SocketMode.NAME, error, [why]))

    # What a test looks at, and what it puts there

    def messages(self, channel: str) -> list[Message]:
        """The channel's messages without thread replies, oldest first."""
        with self._lock:
            return copy.deepcopy(self._top_level(channel))

    @property
    def threads(self) -> dict[str, list[Message]]:
        """The replies of each thread, oldest first, by the parent's `ts`."""
        threads: defaultdict[str, list[Message]] = defaultdict(list)
        with self._lock:
            for message in self._messages.values():
                if message.get("thread_ts", message["ts"]) != message["ts"]:
                    threads[message["thread_ts"]].append(copy.deepcopy(message))
        return dict(threads)

    def say(self, channel: str, text: str, *, user: str = "U0HUMAN", **fields: Any) -> str:
        """Put a message there as somebody else, unchecked; returns its `ts`.

        `fields` are further message fields, such as `thread_ts` or `metadata`.
        """
        with self._lock:
            return str(self._store(channel, {"user": user, "text": text, **fields})["ts"])

    def message(self, channel: str, ts: str) -> Message:
        """One message, reply or ephemeral answer; LookupError if it is not there."""
        with self._lock:
            found = self._messages.get((channel, ts)) or self._ephemerals.get((channel, ts))
            if found is None:
                raise LookupError(f"no message {ts} in {channel}")
            return copy.deepcopy(found)

    def ephemerals(self, channel: str) -> list[Message]:
        """What only one person sees (`to`), oldest first; no method of the Web API reads it."""
        with self._lock:
            found = [each for (place, _), each in self._ephemerals.items() if place == channel]
            return copy.deepcopy(found)

    def dm(self, user: str) -> str:
        """The id of the bot's direct messages with a user, opened if need be."""
        channel = "D" + user[1:]
        with self._lock:
            self.channels.setdefault(channel, {"is_im": True, "user": user})
        return channel

    def response_url(self, channel: str, user: str, original: str | None = None) -> str:
        """A new one; `original` is the `ts` of the message whose button was pressed."""
        with self._lock:
            return self.url + self._response_urls.new(channel, user, original).path

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

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.socket.stop()
        super().__exit__(kind, *rest)

    def _note(self, method: str, error: str, details: Sequence[str]) -> None:
        """Put down a refusal of something that was no request."""
        self.refusals.append(Refusal(0, method, error, tuple(details)))

    # From request to answer

    def respond(self, request: Request) -> Reply:
        if request.method.startswith(UPLOADS):
            return self._take_file(request)
        if request.method.startswith(PREFIX):
            return self._respond_to(request)
        method = _METHODS.get(request.method)
        if method is None:
            raise Refused("unknown_method")
        params = self._read(request)
        self._authenticate(request, params, self.app_token if method.app_level else self.token)
        if params.pop("team_id", TEAM) != TEAM:  # Bolt's clients send it with every call
            raise Refused("team_access_not_granted")
        self._check_arguments(method, params)
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

    def _read(self, request: Request) -> Params:
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

    def _respond_to(self, request: Request) -> Reply:
        with self._lock:
            url = self._response_urls.use(request.method)
            if request.content_type != JSON:
                raise Refused("invalid_payload", [request.content_type], 400)
            params = self._read(request)
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

    def _check_arguments(self, method: _Method, params: Params) -> None:
        required, optional = set(method.required.split()), set(method.optional.split())
        wrong = {
            "must be sent": required - params.keys(),
            "must not be sent": params.keys() - required - optional,
            "must be a string": {
                each for each in params.keys() & _STRINGS if not isinstance(params[each], str)
            },
        }
        if any(wrong.values()):
            reasons = [_wrong(what, f"/{each}") for what in wrong for each in sorted(wrong[what])]
            raise Refused("invalid_arguments", reasons)

    def _check_channel(self, method: _Method, channel: str) -> None:
        settings = self.channels.get(channel, {})
        private = settings.get("is_private", channel.startswith("G"))
        kind = "im" if channel.startswith("D") else "groups" if private else "channels"
        self._check_scope(method.scope.format(kind=kind))
        member = settings.get("is_member", True)
        if channel not in self.channels or (private and not member):
            raise Refused("channel_not_found", ["channel ids only, not names"])
        if method.members_only and not member:
            raise Refused("not_in_channel")
        if method.scope.endswith(":write") and settings.get("is_archived"):
            raise Refused("is_archived")

    def _check_scope(self, needed: str) -> None:
        if needed not in self.scopes:
            extra = {"needed": needed, "provided": ",".join(self.scopes)}
            raise Refused("missing_scope", extra=extra)

    def _limit(self, key: str, calls: float | None, seconds: float) -> None:
        """At most `calls` of `key` within `seconds`; what is refused does not count."""
        if calls is None:
            return
        now, times = time.monotonic(), self._calls[key]
        while times and times[0] <= now - seconds:
            times.popleft()
        if len(times) >= calls:
            wait = max(1, math.ceil(times[0] + seconds - now))
            raise Refused("ratelimited", status=429, retry_after=wait)
        times.append(now)

    # The methods

    def _auth_test(self, params: Params) -> dict[str, Any]:
        who = {"user": "voc", "user_id": BOT_USER, "bot_id": BOT_ID}
        return {"url": self.url, "team": "Test", "team_id": TEAM, **who}

    def _post(self, params: Params) -> dict[str, Any]:
        draft = _decoded(params)
        _check_draft(draft, {"unfurl_not_disabled": _unfurling, **_DRAFT_CHECKS})
        channel, thread = draft["channel"], draft.get("thread_ts")
        if thread is not None and not self._is_parent(channel, thread):
            raise Refused("thread_not_found", ["thread_ts must be the parent's, not a reply's"])
        if self.messages_per_second:
            # A tenth earlier than the rate says is let pass: Slack allows short bursts.
            self._limit(f"post {channel}", 1, 0.9 / self.messages_per_second)
        fields = {
            key: draft[key] for key in ("text", "blocks", "metadata", "thread_ts") if draft.get(key)
        }
        message = self._store(channel, {"user": BOT_USER, "bot_id": BOT_ID, **fields})
        return {"channel": channel, "ts": message["ts"], "message": _shown(message)}

    def _update(self, params: Params) -> dict[str, Any]:
        draft = _decoded(params)
        _check_draft(draft, _DRAFT_CHECKS)
        message = self._find(draft)
        if message["user"] != BOT_USER:
            raise Refused("cant_update_message")
        # What is not sent is kept; an empty list removes the blocks.
        message |= {key: draft[key] for key in ("text", "blocks", "metadata") if key in params}
        message["edited"] = {"user": BOT_USER, "ts": self._next_ts()}
        return {
            "channel": draft["channel"],
            "ts": message["ts"],
            "text": message["text"],
            "message": _shown(message),
        }

    def _answer(self, url: ResponseUrl, params: Params) -> None:
        """Show what was sent to a response URL: to one person unless it says `in_channel`."""
        self._check_arguments(_RESPONSE, params)
        place = (url.channel, url.original or "")
        found = place in self._messages or place in self._ephemerals
        if _true(params.get("delete_original")):
            if not found:
                raise Refused("message_not_found")
            self._ephemerals.pop(place, None)
            self._messages.pop(place, None)
            return
        draft = _decoded(params)
        _check_draft(draft, {"unfurl_not_disabled": _unfurling_if_asked, **_DRAFT_CHECKS})
        kind = draft.get("response_type", "ephemeral")
        if kind not in ("ephemeral", "in_channel"):
            raise Refused(
                "invalid_arguments", [_wrong("must be ephemeral or in_channel", "/response_type")]
            )
        fields = {key: draft[key] for key in ("text", "blocks", "thread_ts") if draft.get(key)}
        if _true(draft.get("replace_original")) and found:
            original = self._messages.get(place) or self._ephemerals[place]
            original["blocks"] = draft["blocks"]
            original["text"] = draft["text"]
            original["edited"] = {"user": BOT_USER, "ts": self._next_ts()}
            return
        thread = draft.get("thread_ts")
        if thread is not None and not self._is_parent(url.channel, thread):
            raise Refused("thread_not_found")
        said = {"user": BOT_USER, "bot_id": BOT_ID, **fields}
        if kind == "in_channel":
            self._store(url.channel, said)
        else:
            ts = self._next_ts()
            message = {"type": "message", **said, "ts": ts, "to": url.user, "is_ephemeral": True}
            self._ephemerals[url.channel, ts] = message

    def _open_connection(self, params: Params) -> dict[str, Any]:
        return {"url": self.socket.open()}

    def _announce_file(self, params: Params) -> dict[str, Any]:
        if not str(params["length"]).isdecimal() or int(params["length"]) == 0:
            raise Refused("invalid_arguments", [_wrong("must be above 0", "/length")])
        if reasons := list(_string(1000)(params.get("alt_txt", "-"), "/alt_txt")):
            raise Refused("invalid_arguments", reasons)
        file = File(
            f"F{len(self.files):04}",
            params["filename"],
            int(params["length"]),
            params.get("alt_txt", ""),
        )
        self.files[file.id] = file
        return {"upload_url": f"{self.url}{UPLOADS}{file.id}", "file_id": file.id}

    def _take_file(self, request: Request) -> Reply:
        with self._lock:
            file = self.files.get(request.method.removeprefix(UPLOADS))
            if file is None or len(request.body) != file.length:
                raise Refused("invalid_upload", [request.method], 400)
            file.content = request.body
        return Reply(body=f"OK - {file.length}".encode())

    def _share_files(self, params: Params) -> dict[str, Any]:
        """Put what was uploaded into a channel or thread, as one message without text."""
        channel, thread = params["channel_id"], params.get("thread_ts")
        shared = parse_json(params["files"])
        files = [self.files.get(each["id"]) for each in shared]
        if thread is not None and not self._is_parent(channel, thread):
            raise Refused("thread_not_found")
        shown = []
        for file, each in zip(files, shared, strict=True):
            if file is None or file.content is None or file.is_shared:
                raise Refused("file_not_found")
            file.is_shared = True
            shown.append({"id": file.id, "name": file.name, "title": each.get("title", file.name)})
        fields: dict[str, Any] = {"text": "", "files": shown}
        if thread is not None:
            fields["thread_ts"] = thread
        self._store(channel, {"user": BOT_USER, "bot_id": BOT_ID, **fields})
        return {"files": shown}

    def _react(self, params: Params) -> dict[str, Any]:
        message = self._find({"channel": params["channel"], "ts": params["timestamp"]})
        reaction = (params["channel"], message["ts"], params["name"])
        if not re.fullmatch(r"[\w+'-]+", params["name"]):
            raise Refused("invalid_name", [params["name"]])
        if reaction in self.reactions:
            raise Refused("already_reacted")
        self.reactions.append(reaction)
        return {}

    def _history(self, params: Params) -> dict[str, Any]:
        newest_first = self._top_level(params["channel"])[::-1]
        return self._page(newest_first, params, f"history {params['channel']}")

    def _replies(self, params: Params) -> dict[str, Any]:
        channel, ts = params["channel"], params["ts"]
        if not self._is_parent(channel, ts):
            raise Refused("thread_not_found")
        thread = [
            message
            for (place, _), message in self._messages.items()
            if place == channel and ts in (message["ts"], message.get("thread_ts"))
        ]
        return self._page(thread, params, f"replies {channel} {ts}")

    def _info(self, params: Params) -> dict[str, Any]:
        channel = params["channel"]
        known = {"id": channel, "name": channel.lower(), "is_member": True}
        return {"channel": {**known, **self.channels[channel]}}

    # The store

    def _next_ts(self) -> str:
        """Unix time to the microsecond, unique and increasing, "1763370000.000100"."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 100)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _store(self, channel: str, fields: Message) -> Message:
        message = {"type": "message", "team": TEAM, **fields, "ts": self._next_ts()}
        self._messages[channel, message["ts"]] = message
        if thread := message.get("thread_ts"):
            parent = self._messages[channel, thread]
            parent["thread_ts"], parent["latest_reply"] = thread, message["ts"]
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            message["parent_user_id"] = parent["user"]
        return message

    def _find(self, params: Params) -> Message:
        message = self._messages.get((params["channel"], params["ts"]))
        if message is None:
            raise Refused("message_not_found")
        return message

    def _is_parent(self, channel: str, ts: str) -> bool:
        message = self._messages.get((channel, ts))
        return message is not None and message.get("thread_ts", ts) == ts

    def _top_level(self, channel: str) -> list[Message]:
        return [
            message
            for (place, ts), message in self._messages.items()
            if place == channel and message.get("thread_ts", ts) == ts
        ]

    def _page(self, found: list[Message], params: Params, subject: str) -> dict[str, Any]:
        """One page; the cursor is opaque, and good for its channel or thread only."""
        self._limit(subject.partition(" ")[0], self.history_calls_per_minute, 60)
        limit = str(params.get("limit", PAGE_DEFAULT))
        if not limit.isdecimal() or not 1 <= int(limit) <= PAGE_LIMIT:
            raise Refused("invalid_limit", [limit])
        found = _between(found, params)
        start = 0
        if cursor := params.get("cursor"):
            starts = {_cursor(subject, each): n for n, each in enumerate(found, 1)}
            if cursor not in starts:
                raise Refused("invalid_cursor")
            start = starts[cursor]
        end = start + min(int(limit), self.page_size_limit)
        page, more = found[start:end], end < len(found)
        if whole := _true(params.get("include_all_metadata")):
            self._check_scope("metadata.message:read")
        return {
            "messages": [_shown(each, whole_metadata=whole) for each in page],
            "has_more": more,
            "response_metadata": {"next_cursor": _cursor(subject, page[-1]) if more else ""},
        }


def _cursor(subject: str, last: Message) -> str:
    # Base64 with its padding, as Slack's: a client must encode it in a query.
    return base64.b64encode(f"{subject} {last['ts']}".encode()).decode()


def _between(messages: list[Message], params: Params) -> list[Message]:
    """Messages after `oldest` and before `latest`, both excluded unless `inclusive`."""
    for name in ("oldest", "latest"):
        if not re.fullmatch(r"\d+(\.\d+)?", str(params.get(name, 0))):
            raise Refused(f"invalid_ts_{name}", [str(params[name])])
    oldest, latest = (
        Decimal(str(params.get("oldest", 0))),
        Decimal(str(params.get("latest", "Infinity"))),
    )
    bounds = {oldest, latest} if _true(params.get("inclusive")) else set()
    stamped = [(Decimal(each["ts"]), each) for each in messages]
    return [each for ts, each in stamped if oldest < ts < latest or ts in bounds]


def _shown(message: Message, *, whole_metadata: bool = False) -> Message:
    """A copy; without `include_all_metadata` Slack gives the metadata's type, not its payload."""
    shown = copy.deepcopy(message)
    if "metadata" in shown and not whole_metadata:
        shown["metadata"] = {"event_type": shown["metadata"]["event_type"]}
    return shown


_STRINGS = {
    "channel",
    "channel_id",
    "filename",
    "text",
    "ts",
    "thread_ts",
    "timestamp",
    "name",
    "cursor",
}
_PAGING = "cursor limit oldest latest inclusive include_all_metadata"
_RESPONSE = _Method(
    FakeSlack._post,
    "",
    "text blocks response_type replace_original delete_original thread_ts unfurl_links unfurl_media",
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
    "conversations.info": _Method(
        FakeSlack._info, "channel", "", "{kind}:read", members_only=False
    ),
}

"""What the fake Slack refuses in a message.

Slack refuses it too, except for text that is not escaped and links that may unfurl: a careful
client sends neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.fakes.block_kit import complaint, mrkdwn_texts, problems, shown_texts
from tests.fakes.http import Refused, parse_json

Params = dict[str, Any]

BLOCKS_TEXT_LIMIT = 13_200
"""Characters of all blocks together; undocumented, found by users of Slack's SDKs."""
TEXT_LIMIT = 40_000
"""Slack's documented limit for `text`. Slack cuts a longer one; here it is refused."""
METADATA_LIMIT = 16_000
"""Bytes of JSON. Slack refuses large payloads but documents no number: this one is ours."""

_ESCAPED = r"&(?:amp|lt|gt);"
_LINK_LABEL = rf"(?:\|(?:[^<>|&\n]|{_ESCAPED})+)"
_CONTROL = re.compile(
    rf"(?P<fine>{_ESCAPED}"
    rf"|<(?:https?://|mailto:)(?:[^\s<>|&]|{_ESCAPED})+{_LINK_LABEL}?>"
    rf"|<(?:#[CG]|@[UW]|!subteam\^S)[A-Z0-9]+{_LINK_LABEL}?>"
    rf"|<!date\^\d+\^[^<>|&]+{_LINK_LABEL}>"
    r"|^>{1,3})"
    r"|[<>&].{0,20}",
    re.MULTILINE,
)


def unescaped(text: str) -> list[str]:
    """Where `text` has a bare `&`, `<` or `>`: each excerpt begins with it.

    Fine are entities, links, a mention of one user, user group or channel, dates, and a quote at
    the start of a line. Refused above all is what notifies everybody: `<!channel>` and its kind.
    """
    return [found[0] for found in _CONTROL.finditer(text) if not found["fine"]]


def read_draft(params: Params, *, unfurl_flags_required: bool = False) -> Params:
    """`params` of a message to be posted, with blocks and metadata as objects.

    Args:
        unfurl_flags_required: `chat.postMessage` unfurls links unless told not to.

    Raises:
        Refused: with Slack's error code, or `unfurl_not_disabled` or `unescaped_text`.
    """
    flags = {} if unfurl_flags_required else {"unfurl_links": False, "unfurl_media": False}
    draft: Params = {**flags, "blocks": [], **params}
    # In a form, blocks and metadata are JSON strings.
    for name in ("blocks", "metadata"):
        if isinstance(draft.get(name), str):
            try:
                draft[name] = parse_json(draft[name])
            except ValueError as fault:
                raise Refused(f"invalid_{name}_format", [str(fault)]) from None
    for error, reasons in _reasons(draft):
        if reasons:
            raise Refused(error, reasons)
    return draft


def _reasons(draft: Params) -> Iterator[tuple[str, list[str]]]:
    """Every error and the reasons for it; each may rely on there being none for those before it."""
    sent = {name: draft.get(name) for name in ("unfurl_links", "unfurl_media")}
    unfurled = [name for name, value in sent.items() if value not in (False, "false", "0")]
    yield "unfurl_not_disabled", [f"{name} must be sent as false" for name in unfurled]
    if draft.get("parse", "none") != "none":
        yield "invalid_arguments", ["parse must be none: Slack makes links of plain words"]
    text, blocks = draft.get("text"), draft["blocks"]
    if not isinstance(text, str) or not text.strip():
        yield "no_text", ["text is what notifications and screen readers read, with blocks too"]
        return
    if len(text) > TEXT_LIMIT:
        yield "msg_too_long", [f"text has {len(text)} characters"]
    yield "invalid_blocks", problems(blocks)
    total = sum(map(len, shown_texts(blocks)))
    if total > BLOCKS_TEXT_LIMIT:
        yield "msg_blocks_too_long", [f"blocks have {total} characters"]
    for pointer, each in (("/text", text), *mrkdwn_texts(blocks)):
        yield "unescaped_text", [complaint(f"not escaped: {at}", pointer) for at in unescaped(each)]
    if "metadata" in draft:
        yield "invalid_metadata_format", _metadata_problems(draft["metadata"])


class _Metadata(BaseModel):
    """A flat payload, as this product sends: Slack's may be deeper."""

    model_config = ConfigDict(extra="forbid", strict=True)
    event_type: Annotated[str, Field(min_length=1)]
    event_payload: dict[str, str | int | float]


def _metadata_problems(metadata: Any) -> list[str]:
    try:
        _Metadata.model_validate(metadata)
    except ValidationError as fault:
        return [str(fault)]
    is_short = len(json.dumps(metadata)) <= METADATA_LIMIT
    return [] if is_short else [f"metadata has more than {METADATA_LIMIT} bytes"]

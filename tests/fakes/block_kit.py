"""What Slack refuses in the blocks of one message.

slack_sdk's models check lengths, numbers of items and required parts. Written here is what they
let pass: which types belong where, charts (which slack_sdk has no class for yet), texts in a
context, and how many charts a message may have.

Blocks and properties that Slack takes and this product does not send are refused too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

BLOCKS_LIMIT, CHARTS_LIMIT, CONTEXT_TEXT_LIMIT = 50, 2, 3000
CHART = "data_visualization"
_NOT_SHOWN = {"type", "block_id", "action_id", "url", "value", "style"}


def complaint(what: str, pointer: str) -> str:
    """One problem as Slack words it, with the JSON pointer to its place."""
    return f"[ERROR] {what} [json-pointer:{pointer}]"


def problems(blocks: Any) -> list[str]:
    """Why Slack would refuse a message with these blocks; empty if it would take them."""
    if not isinstance(blocks, list) or len(blocks) > BLOCKS_LIMIT:
        return [complaint(f"must be an array of at most {BLOCKS_LIMIT} items", "/blocks")]
    for number, block in enumerate(blocks):
        if found := _wrong_types(block) or _against_model(block) or _left_open_by_model(block):
            return [complaint(what, f"/blocks/{number}") for what in found]
    if [block["type"] for block in blocks].count(CHART) > CHARTS_LIMIT:
        return [complaint(f"must have at most {CHARTS_LIMIT} charts", "/blocks")]
    return []


def shown_texts(blocks: Any) -> Iterator[str]:
    """Every string that a reader sees."""
    for _, node in _nodes(blocks):
        yield from (
            text for key, text in node.items() if isinstance(text, str) and key not in _NOT_SHOWN
        )


def mrkdwn_texts(blocks: Any) -> Iterator[tuple[str, str]]:
    """The JSON pointer and the content of every text that Slack reads as markup."""
    for pointer, node in _nodes(blocks):
        if node.get("type") == "mrkdwn":
            yield f"{pointer}/text", node["text"]


def _nodes(value: Any, pointer: str = "/blocks") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield pointer, value
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(child, dict | list):
            yield from _nodes(child, f"{pointer}/{key}")


def _wrong_types(block: Any) -> list[str]:
    try:
        _Block.model_validate(block)
    except ValidationError as fault:
        return [f"{each['msg']}: {'/'.join(map(str, each['loc']))}" for each in fault.errors()]
    return []


def _against_model(block: dict[str, Any]) -> list[str]:
    if block["type"] == CHART:
        return []
    try:
        model = Block.parse(block)
        kept = model.to_dict() if model else {}
    except (SlackObjectFormationError, TypeError) as fault:
        return [str(fault)]
    # Empty strings and lists, which Slack refuses, are missing from what the model gives back.
    return [] if kept == block else [f"must be no more than {kept}"]


def _left_open_by_model(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    if block["type"] == "context" and any(len(e["text"]) > CONTEXT_TEXT_LIMIT for e in elements):
        return [f"each text must be at most {CONTEXT_TEXT_LIMIT} characters"]
    action_ids = [element["action_id"] for element in elements if "action_id" in element]
    return ["action_id must be unique"] if len(action_ids) > len(set(action_ids)) else []


# --- Which types belong where ---------------------------------------------------------------------


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Plain(_Part):
    type: Literal["plain_text"]
    text: str
    emoji: bool = True


class _Markup(_Part):
    type: Literal["mrkdwn"]
    text: str
    verbatim: bool = False


class _Button(_Part):
    type: Literal["button"]
    text: _Plain
    action_id: str = ""
    url: str = ""
    value: str = ""
    style: str = ""
    accessibility_label: str = ""


class _Named(_Part):
    block_id: str = Field(default="", max_length=255)


class _Header(_Named):
    type: Literal["header"]
    text: _Plain


class _Section(_Named):
    type: Literal["section"]
    text: _Plain | _Markup


class _Divider(_Named):
    type: Literal["divider"]


class _Context(_Named):
    type: Literal["context"]
    elements: list[_Plain | _Markup]


class _Actions(_Named):
    type: Literal["actions"]
    elements: list[_Button]


_Label = Annotated[str, Field(min_length=1, max_length=20)]


class _Point(_Part):
    label: _Label
    value: float


class _Series(_Part):
    name: _Label
    data: list[_Point]


class _Axes(_Part):
    categories: list[_Label] = Field(min_length=1, max_length=20)


class _Plot(_Part):
    type: Literal["bar", "area", "line"]
    series: list[_Series] = Field(min_length=1, max_length=6)
    axis_config: _Axes

    @model_validator(mode="after")
    def _check_series(self) -> Self:
        if len({series.name for series in self.series}) < len(self.series):
            raise ValueError("each series must have a name of its own")
        labels = [[point.label for point in series.data] for series in self.series]
        if any(each != self.axis_config.categories for each in labels):
            raise ValueError("each series must have one value for each category")
        return self


class _Chart(_Named):
    type: Literal["data_visualization"]
    title: str = Field(min_length=1, max_length=50)
    chart: _Plot


class _Block(RootModel[_Header | _Section | _Divider | _Context | _Actions | _Chart]):
    root: _Header | _Section | _Divider | _Context | _Actions | _Chart = Field(discriminator="type")

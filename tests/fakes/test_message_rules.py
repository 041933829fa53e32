"""A message is taken up to Slack's limits and refused beyond them, or when it is not written safely."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.block_kit import problems
from tests.fakes.conftest import QUIET
from tests.fakes.http import Refused
from tests.fakes.message_rules import BLOCKS_TEXT_LIMIT, METADATA_LIMIT, read_draft, unescaped

Json = dict[str, Any]
DIVIDER = {"type": "divider"}


def text(content: str, kind: str = "mrkdwn") -> Json:
    return {"type": kind, "text": content}


def block(kind: str, content: Any) -> Json:
    return {"type": kind, "elements" if isinstance(content, list) else "text": content}


def button(content: str, **more: Any) -> Json:
    return {"type": "button", "text": text(content, "plain_text"), **more}


def chart(
    title: str = "T", names: str = "a", labels: tuple[str, ...] = ("W1",), **more: Any
) -> Json:
    data = [{"label": label, "value": -1.5} for label in labels]
    series = [{"name": name, "data": data} for name in names]
    plot = {"type": "bar", "series": series, "axis_config": {"categories": list(labels)}, **more}
    return {"type": "data_visualization", "title": title, "chart": plot}


@pytest.mark.parametrize(
    ("most", "build"),
    [
        (150, lambda n: [block("header", text("x" * n, "plain_text"))]),  # slack_sdk checks these
        (75, lambda n: [block("actions", [button("x" * n)])]),
        (10, lambda n: [block("context", [text("x")] * n)]),
        (3000, lambda n: [block("context", [text("x" * n)])]),
        (50, lambda n: [chart("x" * n)]),
        (6, lambda n: [chart(names="abcdefg"[:n])]),
        (20, lambda n: [chart(labels=("W1",) * n)]),
        (20, lambda n: [chart(labels=("x" * n,))]),
        (50, lambda n: [DIVIDER] * n),
        (2, lambda n: [chart()] * n),
    ],
)
def test_blocks_may_reach_a_limit_but_not_pass_it(
    most: int, build: Callable[[int], list[Json]]
) -> None:
    assert problems(build(most)) == []
    assert problems(build(most + 1))
    assert problems(build(0)) or build(0) == []


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param(DIVIDER, id="no list"),
        pytest.param([{"type": "carousel"}], id="a type without use here"),
        pytest.param([{**DIVIDER, "size": 2}], id="unknown property"),
        pytest.param([{"type": "section"}], id="no text"),
        pytest.param([block("header", text("hi"))], id="mrkdwn in a header"),
        pytest.param([block("actions", [button("hi", style="red")])], id="unknown style"),
        pytest.param([block("actions", [button("hi", action_id="a")] * 2)], id="action_id twice"),
        pytest.param([block("section", {**text("hi"), "verbatim": 1})], id="value of another type"),
        pytest.param([chart(names="aa")], id="two series of one name"),
        pytest.param([chart(axis_config={"categories": ["W2"]})], id="values of other categories"),
    ],
)
def test_a_malformed_block_is_refused_with_its_place(blocks: Any) -> None:
    found = problems(blocks)
    assert found
    assert all("[json-pointer:/blocks" in each for each in found)


def metadata(**payload: Any) -> Json:
    return {"event_type": "voc", "event_payload": payload}


FREE = METADATA_LIMIT - len(json.dumps(metadata(a="")))
BLOCKS = [block("section", text("x" * (BLOCKS_TEXT_LIMIT // 5)))] * 5


def test_a_message_may_reach_the_limits_together() -> None:
    read_draft({"text": "x" * 40_000, "blocks": BLOCKS, "metadata": metadata(a="x" * FREE)})


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": " \n", "blocks": [DIVIDER]}, "no_text"),
        ({"parse": "full"}, "invalid_arguments"),
        ({"unfurl_links": None}, "unfurl_not_disabled"),
        ({"blocks": "[{"}, "invalid_blocks_format"),
        ({"blocks": [*BLOCKS, block("section", text("x"))]}, "msg_blocks_too_long"),
        ({"blocks": [block("section", text("<!here>"))]}, "unescaped_text"),
        ({"blocks": [block("context", [text("<!here>")])]}, "unescaped_text"),
        ({"metadata": {**metadata(), "more": 1}}, "invalid_metadata_format"),
        ({"metadata": metadata(a=None)}, "invalid_metadata_format"),
        ({"metadata": metadata(a="x" * (FREE + 1))}, "invalid_metadata_format"),
    ],
)
def test_a_message_beyond_the_rules_is_refused(params: Json, error: str) -> None:
    with pytest.raises(Refused) as refused:
        read_draft({"text": "hi", **QUIET, **params}, unfurl_flags_required=True)
    assert refused.value.error == error


def test_text_that_is_not_escaped_is_found() -> None:
    for each in (
        *("<!channel>", "<!everyone|all>", "<!subteam^C123>", "a < b", "a > b", "Q&A", "&nbsp;"),
        *("<b>bold</b>", "<javascript:alert(1)>", "<https://e.com?a=1&b=2>", "<https://e.com"),
        *("<https://e.com|a <b>>", "<!date^1763370000^{date}>"),
    ):
        assert unescaped(f"fine, then {each}"), each


def test_markup_and_escaped_text_are_taken() -> None:
    for each in (
        *("Q&amp;A: 1 &lt; 2 &gt; 0", "&lt;!channel&gt;", "<https://e.com/a?b=1&amp;c=2>"),
        *("<http://e.com|다섯 건 &amp; more>", "<mailto:a@e.com|write>", "<#C0TEST|voc>, <@U0KIM>"),
        *("<!date^1763370000^{date_short}|17 Nov>", "said:\n> quoted\n>>> the rest"),
        "<!subteam^S0KIM>",
    ):
        assert unescaped(each) == [], each

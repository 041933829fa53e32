"""The last look at a message before it leaves: what still looks like personal data stays here."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from catalogue import Texts
from flows.privacy.masker import Masker
from flows.report.message import Block
from flows.slack.blocks import context, section
from flows.slack.patience import Patience
from flows.slack.transport import Destination, Posted, Transport

log = logging.getLogger("voc")

# Link addresses, mentions and bold come from code: foreign text contains none. An id looks like a passport's number.
_OURS = re.compile(r"<https?://[^|>\s]+\||<(?:[@#]|!subteam\^)\w+>|\*")
# The parts of a block that people see; its numbers, addresses and the bot's values come from code.
_SHOWN = {"text", "title", "label", "name", "alt_text", "categories"}


class Gate:
    """A transport that leaves out each line or block, and the notification, in which a pattern still matches.

    Tickets are masked in SQL and answers in Python; the gate is for what neither of them foresaw.
    """

    def __init__(self, transport: Transport, masker: Masker, texts: Texts) -> None:
        self._transport = transport
        self._masker = masker
        self._withheld = texts("gate.withheld")

    def posted(
        self, destination: Destination, since: float, patience: Patience | None = None
    ) -> list[Posted]:
        return self._transport.posted(destination, since, patience)

    def post(
        self,
        destination: Destination,
        text: str,
        blocks: tuple[Block, ...],
        payload: dict[str, Any],
    ) -> str:
        clean = tuple(map(self._clean, blocks))
        if self._masker.contains_pii(_OURS.sub("", text)):
            text = self._withheld
        if clean != blocks or text == self._withheld:
            log.warning("a part of a message looks like personal data: it is left out")
        return self._transport.post(destination, text, clean, payload)

    def upload(self, destination: Destination, name: str, picture: bytes, alt_text: str) -> None:
        # The alternative text contains everything that the picture shows.
        if self._masker.contains_pii(alt_text):
            log.warning("a picture looks like personal data: it is left out")
            return
        self._transport.upload(destination, name, picture, alt_text)

    def append(self, destination: Destination, ts: str, block: Block) -> None:
        if any(map(self._masker.contains_pii, _texts(block))):
            log.warning("a line below an earlier message looks like personal data: it is left out")
            return
        self._transport.append(destination, ts, block)

    def _clean(self, block: Block) -> Block:
        if not any(map(self._masker.contains_pii, _texts(block))):
            return block
        # One bad name must not remove a whole list.
        lines = block["text"]["text"].split("\n") if block["type"] == "section" else []
        kept = [self._withheld if self._masker.contains_pii(line) else line for line in lines]
        cleaned = section("\n".join(kept))
        still_there = any(map(self._masker.contains_pii, _texts(cleaned)))
        return context(self._withheld) if len(lines) < 2 or still_there else cleaned


def _texts(node: object) -> Iterator[str]:
    """Every text in a block that people see, without our markup."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in _SHOWN or isinstance(value, dict | list):
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield _OURS.sub("", node)

"""Masks personal data in text, by the rules that mask tickets in the warehouse.

dbt_project.yml holds the rules. The macro mask_pii renders them as SQL; this module runs the same
list with the same engine, RE2, so that an answer is masked as a ticket was masked. Python's own
`re` would not do: it sees no `\\b` between Hangul and a digit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, cast

import re2

from flows.runtime.errors import UsageError
from flows.runtime.project import PROJECT_FILE, project_variable

T = TypeVar("T")


@dataclass(frozen=True)
class PiiPattern:
    """A form of personal data: an RE2 pattern, and what replaces it (`\\1` is the first group)."""

    name: str
    pattern: str
    replacement: str


@dataclass(frozen=True)
class SpellingFolds:
    """How a text is changed before the patterns see it.

    `invisible` is an RE2 pattern of the characters to remove. A character in `source` becomes the
    one at the same place in `target`.
    """

    invisible: str
    source: str
    target: str


class Masker:
    """Replaces personal data by its kind: [이메일], [전화번호], … Immutable; compiled once."""

    def __init__(self, patterns: Sequence[PiiPattern], folds: SpellingFolds) -> None:
        """Compile the rules, which apply in the order given.

        Raises:
            UsageError: there is no pattern, or RE2 does not accept one; the message names that pattern.
        """
        if not patterns:
            raise UsageError("pii_patterns is empty. Restore it in dbt_project.yml.")
        self._invisible = _compile(PiiPattern("pii_folds.invisible", folds.invisible, ""))
        self._folded = _translation(folds)
        self._rules = [(_compile(rule), rule.replacement.encode()) for rule in patterns]

    @classmethod
    def from_project_file(cls, project_file: Path) -> Masker:
        """The masker for the rules in a dbt_project.yml. Raises UsageError if they are unusable."""
        return cls(load_patterns(project_file), load_folds(project_file))

    @classmethod
    def of_project(cls) -> Masker:
        """The masker for this project's rules."""
        return cls.from_project_file(PROJECT_FILE)

    def mask(self, text: str) -> str:
        """The text with personal data replaced. Masking a masked text changes nothing."""
        masked = self._fold(text).encode()
        for pattern, replacement in self._rules:
            masked = pattern.sub(replacement, masked)
        return masked.decode()

    def contains_pii(self, text: str) -> bool:
        """Whether `mask` would replace anything. Full-width letters alone are not personal data."""
        return self.mask(text) != self._fold(text)

    def clean(self, value: T) -> T:
        """A text, or a list or dictionary of texts: each line with personal data masked, the others as they are."""
        return cast(T, self._clean(value))

    def _clean(self, value: object) -> object:
        match value:
            case str():
                return "\n".join(
                    line if (masked := self.mask(line)) == self._fold(line) else masked
                    for line in value.split("\n")
                )
            case dict():
                return {name: self._clean(each) for name, each in value.items()}
            case list() | tuple():
                return [self._clean(each) for each in value]
        return value

    def _fold(self, text: str) -> str:
        # Half of a surrogate pair, as cut-off JSON may carry, has no UTF-8 form: it becomes "?".
        visible = self._invisible.sub(b"", text.encode(errors="replace")).decode()
        return unicodedata.normalize("NFC", visible.translate(self._folded))


def load_patterns(project_file: Path) -> tuple[PiiPattern, ...]:
    """The var pii_patterns of a dbt_project.yml, in order and with its parts filled in.

    Raises:
        UsageError: the file or the var is missing or malformed.
    """
    rules = project_variable("pii_patterns", project_file)
    parts = project_variable("pii_parts", project_file)
    try:
        return tuple(
            PiiPattern(
                name=rule["name"],
                # A long pattern is written as a list of fragments.
                pattern=_expand("".join(rule["pattern"]), parts),
                replacement=rule["replacement"],
            )
            for rule in rules
        )
    except (TypeError, KeyError) as error:
        raise UsageError(
            f"{project_file}: an entry of pii_patterns is malformed ({error}). "
            "Each needs name, pattern and replacement."
        ) from None


def load_folds(project_file: Path) -> SpellingFolds:
    """The var pii_folds of a dbt_project.yml. Raises UsageError if it is missing or malformed."""
    folds = project_variable("pii_folds", project_file)
    try:
        return SpellingFolds(invisible=folds["invisible"], source=folds["from"], target=folds["to"])
    except (TypeError, KeyError) as error:
        raise UsageError(
            f"{project_file}: pii_folds is malformed ({error}). It needs invisible, from and to."
        ) from None


class _Regex(Protocol):
    """The part of a compiled re2 pattern that is used here; the package has no type hints."""

    @property
    def groups(self) -> int: ...
    def sub(self, replacement: bytes, text: bytes) -> bytes: ...
    def search(self, text: bytes) -> object | None: ...


def _compile(rule: PiiPattern) -> _Regex:
    unknown = re2.search("<[a-z0-9_]+>", rule.pattern)
    if unknown:
        raise UsageError(f"pii_patterns: {rule.name} uses {unknown[0]}, which is not in pii_parts.")
    options = re2.Options()
    # The error is raised here; RE2 would also print it to stderr.
    options.log_errors = False
    try:
        # As bytes: re2 takes a str replacement for ASCII with escapes and garbles the Hangul in it.
        pattern = cast(_Regex, re2.compile(rule.pattern.encode(), options))
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise UsageError(
            f"pii_patterns: {rule.name} is not a valid RE2 pattern: {reason}. "
            "Correct it in dbt_project.yml (RE2 has no look-around and no back-references)."
        ) from None
    if pattern.search(b"") is not None:
        raise UsageError(
            f"pii_patterns: {rule.name} matches empty text. Make it require something."
        )
    missing = [n for n in range(pattern.groups + 1, 10) if f"\\{n}" in rule.replacement]
    if missing:
        raise UsageError(
            f"pii_patterns: {rule.name} replaces by group \\{missing[0]}, "
            f"but its pattern has {pattern.groups} groups."
        )
    return pattern


def _expand(pattern: str, parts: dict[str, str]) -> str:
    # From the last part to the first, like the macro pii_pattern: a part may contain those above it.
    for name, part in reversed(parts.items()):
        pattern = pattern.replace(f"<{name}>", part)
    return pattern


def _translation(folds: SpellingFolds) -> dict[int, int]:
    # BigQuery's TRANSLATE refuses a repeated character, and drops characters without a counterpart.
    if len(folds.source) != len(folds.target) or len(set(folds.source)) != len(folds.source):
        raise UsageError(
            "pii_folds: from and to must be equally long, and from without repetition."
        )
    return str.maketrans(folds.source, folds.target)

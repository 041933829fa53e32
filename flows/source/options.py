"""What a user may say about a file: which header holds which column, words for emotions, zone, sheet, date order.

Each is taken from the first place that says it: an option of the command, then the file that VOC_SOURCE_MAP names or,
without that, `voc-source.toml` beside the source.
"""

from __future__ import annotations

import errno
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flows.runtime.asked import AskedSource
from flows.runtime.errors import UsageError
from flows.source.spelling import folded

REQUIRED_COLUMNS = ("id", "event_create_time", "category1", "overall_emotion")
OPTIONAL_COLUMNS = (
    "title",
    "detail",
    "category2",
    "category3",
    "inbound_outbound",
    "main_topic",
    "keywords",
)
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
EMOTIONS = ("긍정", "중립", "부정")
MAP_FILE = "voc-source.toml"

DateOrder = Literal["dmy", "mdy"]
_DATE_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_KEYS = ("sheet", "date_order", "timezone", "columns", "emotions")


@dataclass(frozen=True)
class SourceOptions:
    """How a file is to be read. Equal options read the same file to the same table.

    Args:
        columns: our column → the header that holds it.
        emotions: a word of the file, folded (see `spelling.folded`) → 긍정, 중립 or 부정.
        timezone: zone of times without one.
        sheet: sheet of a workbook; the first one if None.
        date_order: whether 11/2/2026 begins with the day or the month; None if nobody said it.
        origins: our column → who maps it, for error messages.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    emotions: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    sheet: str | None = None
    date_order: DateOrder | None = None
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def fingerprint(self) -> str:
        """Equal for equal options: a file that was read with others is read again."""
        said = (self.columns, self.emotions, self.timezone, self.sheet, self.date_order)
        return json.dumps(said, ensure_ascii=False, sort_keys=True)


def source_options(
    asked: AskedSource, timezone: str | None, source: Path, map_file: Path | None
) -> SourceOptions:
    """The options for a source; what the command and the settings say wins over the file. Raises UsageError.

    Args:
        timezone: zone of times without one; None if neither the command nor a setting names one.
    """
    kept = _kept_options(source, map_file)
    columns = _columns(map(_pair_of("--map", 'id="Ticket ID"'), asked.columns), "--map")
    words = map(_pair_of("--map-emotion", "부정=negative,bad"), asked.emotions)
    emotions = _emotions(((name, text.split(",")) for name, text in words), "--map-emotion")
    merged = {**kept.columns, **columns}
    _check_one_header_each(merged, {**kept.origins, **dict.fromkeys(columns, "--map")})
    return SourceOptions(
        merged,
        {**kept.emotions, **emotions},
        timezone or kept.timezone,
        asked.sheet or kept.sheet,
        _date_order(asked.date_order, "--date-order") or kept.date_order,
        {**kept.origins, **dict.fromkeys(columns, "--map")},
    )


def _kept_options(source: Path, map_file: Path | None) -> SourceOptions:
    """What the TOML file says; nothing if there is none and none was named."""
    path = map_file or source.parent / MAP_FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        if map_file is None and error.errno in _NOT_THERE:
            return SourceOptions()
        remedy = "Check its permissions" if map_file is None else "Check VOC_SOURCE_MAP"
        raise UsageError(f"cannot read {path}: {error.strerror}. {remedy}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path.name} is not TOML: {_one_line(str(error))}. "
            "Names that are not ASCII need quotes."
        ) from None
    return _options_of(content, path.name)


def _options_of(content: Mapping[str, Any], origin: str) -> SourceOptions:
    if unknown := [key for key in content if key not in _KEYS]:
        raise UsageError(f"{origin}: {unknown[0]!r} is not a key. Keys are {', '.join(_KEYS)}.")
    columns, emotions = content.get("columns", {}), content.get("emotions", {})
    if not _is_table(columns, str):
        raise UsageError(f'{origin}: write [columns] as lines such as id = "Ticket ID".')
    if not _is_table(emotions, list) or not all(
        isinstance(word, str) for words in emotions.values() for word in words
    ):
        raise UsageError(f'{origin}: write [emotions] as lines such as "부정" = ["negative"].')
    for key in ("sheet", "timezone"):
        if not isinstance(content.get(key, ""), str):
            raise UsageError(f"{origin}: {key} is not a name. Write it in quotes.")
    return SourceOptions(
        _columns(columns.items(), origin),
        _emotions(emotions.items(), origin),
        content.get("timezone", "UTC"),
        content.get("sheet"),
        date_order=_date_order(content.get("date_order"), origin),
        origins=dict.fromkeys(columns, origin),
    )


def _is_table(value: object, of: type) -> bool:
    return isinstance(value, dict) and all(isinstance(each, of) for each in value.values())


def _pair_of(option: str, example: str) -> Any:
    def pair_of(text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        if not sign or not value.strip():
            raise UsageError(f"{option} {text!r} names nothing. Write it as {option} {example}.")
        return name.strip(), value

    return pair_of


def _columns(pairs: Iterable[tuple[str, str]], origin: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for column, header in pairs:
        if column not in COLUMNS:
            raise UsageError(
                f"{origin}: {column!r} is not a column. Columns are {', '.join(COLUMNS)}."
            )
        if column in columns:
            raise UsageError(f"{origin} maps {column} twice. Name one header.")
        columns[column] = header
    return columns


def _check_one_header_each(columns: Mapping[str, str], origins: Mapping[str, str]) -> None:
    owners: dict[str, str] = {}
    for column, header in columns.items():
        other = owners.setdefault(folded(header), column)
        if other != column:
            raise UsageError(
                f"{origins[column]} reads both {other} and {column} from {header!r}. Map one of them."
            )


def _emotions(pairs: Iterable[tuple[str, Iterable[str]]], origin: str) -> dict[str, str]:
    emotions: dict[str, str] = {}
    for emotion, words in pairs:
        if emotion not in EMOTIONS:
            raise UsageError(
                f"{origin}: {emotion!r} is not an emotion. Emotions are {', '.join(EMOTIONS)}."
            )
        for word in words:
            if not word.strip():
                raise UsageError(f"{origin}: a word for {emotion} is empty. Leave it out.")
            if emotions.setdefault(folded(word), emotion) != emotion:
                raise UsageError(f"{origin}: {word.strip()!r} stands for two emotions. Name one.")
    return emotions


def _date_order(value: object, origin: str) -> DateOrder | None:
    for order in _DATE_ORDERS:
        if value == order:
            return order
    if value is not None:
        raise UsageError(f"{origin}: a date order is dmy (day first) or mdy (month first).")
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())

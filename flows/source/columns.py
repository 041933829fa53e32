"""Which header of a file holds which column, and what to propose where one is not found. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flows.runtime.errors import SourceError, UsageError
from flows.source.options import COLUMNS, MAP_FILE, OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from flows.source.spelling import folded, shell_quoted, shown

_CATEGORIES = (
    *("category", "ticket category", "type", "ticket type", "issue type"),
    *("카테고리", "분류", "유형", "문의 유형", "문의유형", "상담 유형", "상담유형", "티켓 유형"),
)


def _of_level(number: int) -> list[str]:
    """How a level of the categories is called: `category 2`, `문의유형2`."""
    return [f"{name}{sign}{number}" for name in _CATEGORIES for sign in (" ", "_", "")]


# Headers of helpdesks' exports and of sheets made from them, folded. They are proposed, never used unasked.
_LIKELY = {
    "id": (
        *("ticket id", "ticket_id", "ticketid", "ticket number", "ticket #", "티켓 id", "티켓id"),
        *("case id", "case number", "case #", "request id", "request #", "요청 번호", "요청번호"),
        *("티켓 번호", "티켓번호", "문의 번호", "문의번호", "접수 번호", "접수번호", "번호", "#"),
    ),
    "event_create_time": (
        *("created at", "created_at", "created", "createdat", "creation date", "date created"),
        *("ticket created - timestamp", "ticket created - date", "created date", "created time"),
        *("opened at", "opened", "submitted at", "received at", "상담일시", "상담 일시"),
        *("requested", "생성일", "생성일시", "생성 일시", "생성 시간", "생성 시각", "생성됨"),
        *("티켓 생성 - 타임스탬프", "티켓 생성 - 날짜", "생성 날짜", "작성일", "작성일시"),
        *("등록일", "등록일시", "접수일", "접수일시", "접수 일시", "요청일", "요청됨"),
        *("문의일", "문의일시", "문의 일시"),
    ),
    "category1": (
        *("대분류", "1차 분류", *_CATEGORIES, *_of_level(1)),
        *("contact reason", "ticket group", "group", "상담 사유", "그룹"),
    ),
    "category2": ("중분류", "2차 분류", "subcategory", "sub category", "상세 유형", *_of_level(2)),
    "category3": ("소분류", "3차 분류", *_of_level(3)),
    "overall_emotion": (
        *("emotion", "overall emotion", "sentiment", "customer sentiment", "overall sentiment"),
        *("sentiment label", "감정", "감성", "전체 감정", "고객 감정", "감정 분석", "감성 분석"),
        *("의도", "만족도", "고객 만족도"),
        *("satisfaction score", "satisfaction rating", "satisfaction"),
    ),
    "title": ("subject", "ticket subject", "제목", "티켓 제목", "문의 제목", "문의제목"),
    "detail": (
        *("description", "body", "comment", "ticket description", "content", "first message"),
        *("내용", "설명", "본문", "문의 내용", "문의내용", "상담 내용", "상세 내용"),
    ),
    "keywords": ("tags", "ticket tags", "keyword", "태그", "티켓 태그", "키워드"),
    "main_topic": ("topic", "main topic", "주제", "주요 주제"),
    "inbound_outbound": ("direction", "inbound/outbound", "수신/발신", "인바운드/아웃바운드"),
}
_REMARK = re.compile(r"[(\[（].*?[)\]）]")
_OTHER_SEPARATORS = ";\t|"
_LONGEST_NAME = 60
_IS_DATA = re.compile(r"\d{4}\D{1,4}\d{1,2}\D{1,4}\d|@|^\s*[\d.,+-]+\s*$")


def places_of(
    headers: Sequence[str], mapped: Mapping[str, str], origins: Mapping[str, str], file: str
) -> dict[str, int]:
    """Our column → the place of its header, from 0. A column without a mapping has its own name as its header.

    Args:
        mapped: our column → header, as the reader says.
        origins: our column → who says it, for error messages.
        file: the file's name, for error messages.

    Raises:
        UsageError: a mapping names a header that is not there, or one that another column is read from.
        SourceError: a needed column is missing, or a header that is used is there twice.
    """
    names = [folded(header) for header in headers]
    places: dict[str, int] = {}
    for column in COLUMNS:
        header = mapped.get(column, column)
        found = [place for place, name in enumerate(names) if name == folded(header)]
        exact = [place for place in found if headers[place] == header]
        if column in mapped and not found:
            raise UsageError(
                f"{origins[column]}: {file} has no column {header!r} for {column}. {_found(headers)}"
            )
        if len(found) > 1 and (len(exact) != 1 or column not in mapped):
            raise SourceError(
                f"{file} has the column {headers[found[0]].strip()} {len(found)} times. "
                "Keep one of them, or rename the others."
            )
        if found:
            places[column] = (exact or found)[0]
    _check_one_column_each(places, mapped, origins, file)
    missing = [column for column in REQUIRED_COLUMNS if column not in places]
    if missing:
        raise SourceError(_without(missing, headers, places, file))
    return places


def check_names_come_first(
    head: Sequence[Sequence[str]], mapped: Mapping[str, str], file: str
) -> None:
    """Raise SourceError if not the first of these lines, but a later one holds the columns' names."""
    named = [place for place, line in enumerate(head) if _are_names(line, mapped)]
    if named and named[0] > 0:
        raise SourceError(
            f"{file} has {named[0]} line(s) above the one with the columns' names. Delete them."
        )


def _are_names(line: Sequence[str], mapped: Mapping[str, str]) -> bool:
    """Whether a line holds the names of two or more needed columns, or likely ones."""
    names = {folded(cell) for cell in line}
    hits = [
        column
        for column in REQUIRED_COLUMNS
        if {folded(mapped.get(column, column)), *_LIKELY[column]} & names
    ]
    return len(hits) > 1


def _check_one_column_each(
    places: Mapping[str, int], mapped: Mapping[str, str], origins: Mapping[str, str], file: str
) -> None:
    owners: dict[int, str] = {}
    for column, place in places.items():
        other = owners.setdefault(place, column)
        if other != column:
            by = column if column in mapped else other
            raise UsageError(
                f"{origins[by]} reads both {other} and {column} of {file} from {mapped[by]!r}. "
                "Map both, or neither."
            )


def _without(
    missing: Sequence[str], headers: Sequence[str], places: Mapping[str, int], file: str
) -> str:
    line = ",".join(headers)
    if any(line.count(sign) > line.count(",") for sign in _OTHER_SEPARATORS):
        return f"{file} is not separated by commas. Save it comma separated."
    fault = (
        f"{file} has no column {', '.join(missing)}. Needed are {', '.join(REQUIRED_COLUMNS)}; "
        f"optional are {', '.join(OPTIONAL_COLUMNS)}. {_found(headers)}"
    )
    if not _are_shown(headers):
        return fault
    proposal = " ".join(_proposed(missing, headers, places))
    return f"{fault} Name the right ones: {proposal} (or keep them in {MAP_FILE} beside the file)."


def _proposed(
    missing: Sequence[str], headers: Sequence[str], places: Mapping[str, int]
) -> list[str]:
    """Options to copy. Optional columns are proposed only where a likely header is there."""
    taken = set(places.values())
    others = [header for n, header in enumerate(headers) if n not in taken]
    # `Created at (local)` is likely where `created at` is, unless there is one without such a remark.
    free = {folded(_REMARK.sub("", header)): header for header in others}
    free |= {folded(header): header for header in others}
    options = []
    for column in (*missing, *(name for name in OPTIONAL_COLUMNS if name not in places)):
        likely = next((free[name] for name in _LIKELY[column] if name in free), None)
        if likely is not None:
            options.append(f"--map {column}={shell_quoted(likely.strip())}")
        elif column in missing:
            options.append(f"--map {column}=…")
    return options


def _are_shown(headers: Sequence[str]) -> bool:
    """Whether the first line holds names: the words of a ticket are not to be shown."""
    return not any(len(name) > _LONGEST_NAME or _IS_DATA.search(name) for name in headers)


def _found(headers: Sequence[str]) -> str:
    """What the file's first line holds."""
    if not _are_shown(headers):
        return "Its first line seems to be a ticket: put a line with the columns' names first."
    return f"The file has {shown(header for header in headers if header.strip())}."

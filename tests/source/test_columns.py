"""Columns and emotions in other words: proposed, never guessed; what the user maps is what is read."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.runtime.errors import UsageError
from flows.runtime.settings import load_settings
from flows.source.options import MAP_FILE
from tests.parts import open_source
from tests.source.exports import (
    AS_OF,
    BASE,
    COMPARISON,
    HEADER,
    TWO_WEEKS,
    csv,
    open_asked,
    parquet,
    read,
    refusal,
    tickets,
)

ZENDESK = "Ticket ID,Created at,Subject,대분류,감정"
ROWS = [f"1,{BASE},x,유저,Bad", f"2,{COMPARISON},x,유저,good"]
COLUMNS = (
    "id=Ticket ID",
    "event_create_time=created at",
    "category1=대분류",
    "overall_emotion=감정",
)
EMOTIONS = ("부정=bad,awful", "긍정=good")
AS_MAPPED = [
    ("1", "2026-11-03 01:00:00", "유저", "부정"),
    ("2", "2026-11-10 01:00:00", "유저", "긍정"),
]
MAPPING = """
[columns]
id = "Ticket ID"
event_create_time = "Created at"
category1 = "대분류"
overall_emotion = "감정"

[emotions]
"부정" = ["bad", "awful"]
"긍정" = ["good"]
"""


def test_what_is_found_is_listed_and_a_mapping_proposed_that_works(tmp_path: Path) -> None:
    path = csv(tmp_path, *ROWS, header=ZENDESK)
    said = refusal(path)
    assert "The file has Ticket ID, Created at, Subject, 대분류, 감정." in said
    proposed = (
        '--map id="Ticket ID" --map event_create_time="Created at" --map category1="대분류" '
        '--map overall_emotion="감정" --map title="Subject" (or keep them in voc-source.toml'
    )
    assert proposed in said
    assert [row[0] for row in read(path, columns=COLUMNS)] == ["1", "2"]


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (
            "접수 번호,접수일시(KST),문의 유형 1,문의 유형 2,문의유형3,고객 감정 (AI),제목",
            '--map id="접수 번호" --map event_create_time="접수일시(KST)" --map category1="문의 유형 1" '
            '--map overall_emotion="고객 감정 (AI)" --map title="제목" --map category2="문의 유형 2" '
            '--map category3="문의유형3" (or',
        ),
        (
            "Case #,Opened (local time),Opened by,Issue type,Sentiment label,First message,Agent",
            '--map id="Case #" --map event_create_time="Opened (local time)" --map category1="Issue type" '
            '--map overall_emotion="Sentiment label" --map detail="First message" (or',
        ),
        (
            "Request #,Created at,Requester,Group,Satisfaction Score,Subject,Status",
            '--map id="Request #" --map event_create_time="Created at" --map category1="Group" '
            '--map overall_emotion="Satisfaction Score" --map title="Subject" (or',
        ),
    ],
)
def test_what_is_proposed_for_a_helpdesk_s_export_can_be_copied(
    tmp_path: Path, header: str, proposed: str
) -> None:
    path = csv(tmp_path, f"1,{BASE},a,b,c,d,e", f"2,{COMPARISON},a,b,c,d,e", header=header)
    assert proposed in refusal(path)


def test_what_nothing_resembles_is_left_to_say(tmp_path: Path) -> None:
    said = refusal(csv(tmp_path, *TWO_WEEKS, header=HEADER.replace("category1", 'a "b" $c')))
    assert "--map category1=…" in said


def test_a_mapping_in_options_beside_the_file_and_in_a_named_file_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path, *ROWS, header=ZENDESK)
    assert read(path, columns=COLUMNS, emotions=EMOTIONS) == AS_MAPPED
    (tmp_path / MAP_FILE).write_text(MAPPING, encoding="utf-8")
    assert tickets(open_source(load_settings(), path, AS_OF)) == AS_MAPPED
    (tmp_path / MAP_FILE).rename(tmp_path / "ours.toml")
    monkeypatch.setenv("VOC_SOURCE_MAP", str(tmp_path / "ours.toml"))
    assert tickets(open_source(load_settings(), path, AS_OF)) == AS_MAPPED


def test_an_option_wins_over_the_named_file_and_that_over_the_one_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path, *(f"{row},b,c" for row in TWO_WEEKS), header=f"{HEADER},둘,셋")
    (tmp_path / MAP_FILE).write_text('[columns]\ncategory1 = "둘"\n')
    assert {row[2] for row in read(path)} == {"b"}
    (tmp_path / "ours.toml").write_text('[columns]\ncategory1 = "셋"\n')
    monkeypatch.setenv("VOC_SOURCE_MAP", str(tmp_path / "ours.toml"))
    assert {row[2] for row in read(path)} == {"c"}
    assert {row[2] for row in read(path, columns=("category1=category1",))} == {"유저"}


def test_the_zone_of_the_times_can_be_kept_with_the_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path, "1,2026-11-03 09:30,유저,부정", "2,2026-11-10 09:30,유저,부정")
    (tmp_path / MAP_FILE).write_text('timezone = "Asia/Seoul"\n')
    assert read(path)[0][1] == "2026-11-03 00:30:00"
    assert read(path, zone="Europe/Paris")[0][1] == "2026-11-03 08:30:00"
    monkeypatch.setenv("VOC_SOURCE_TIMEZONE", "UTC")
    assert read(path)[0][1] == "2026-11-03 09:30:00"


def test_another_mapping_reads_the_file_again(tmp_path: Path) -> None:
    path = csv(tmp_path, *(f"{row},b" for row in TWO_WEEKS), header=f"{HEADER},둘")
    open_asked(path).mark_built()
    asks: list[dict[str, Any]] = [{"columns": ("category1=둘",)}, {"emotions": ("부정=중립",)}]
    for asked in asks:
        file = open_asked(path, **asked)
        assert file.needs_full_refresh
        file.mark_built()
        assert not open_asked(path, **asked).needs_full_refresh


@pytest.mark.parametrize(
    "header",
    [
        " ID ,Event_Create_Time,CATEGORY1 , overall_emotion",
        "\u200bid,event_create_time,category1,overall_emotion\u00a0",
    ],
)
def test_a_name_s_case_blanks_and_invisible_signs_do_not_matter(
    tmp_path: Path, header: str
) -> None:
    assert len(read(csv(tmp_path, *TWO_WEEKS, header=header))) == 2


def test_a_name_s_unicode_form_does_not_matter(tmp_path: Path) -> None:
    header = HEADER.replace("category1", unicodedata.normalize("NFD", "대분류"))
    assert len(read(csv(tmp_path, *TWO_WEEKS, header=header), columns=("category1=대분류",))) == 2


def test_a_column_twice_in_parquet_is_refused(tmp_path: Path) -> None:
    names = [*HEADER.split(","), "Category1", "nested"]
    values: list[list[Any]] = [["1"], [BASE], ["a"], ["부정"], ["b"], [{"id": 1}]]
    pq.write_table(pa.table(values, names=names), tmp_path / "export.parquet")
    assert "has the column category1 2 times" in refusal(tmp_path / "export.parquet")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"columns": ("id=Nope",)}, "--map: export.csv has no column 'Nope' for id. The file has"),
        ({"columns": ("ids=id",)}, "--map: 'ids' is not a column. Columns are id,"),
        ({"columns": ("id=id", "id=id")}, "--map maps id twice"),
        ({"columns": ("id=x", "title=X ")}, "--map reads both id and title from 'X '"),
        ({"columns": ("category2=category1",)}, "reads both category1 and category2 of export.csv"),
        ({"columns": ("id",)}, "--map 'id' names nothing. Write it as --map id=\"Ticket ID\"."),
        ({"columns": ("id=",)}, "--map 'id=' names nothing."),
        ({"emotions": ("화남=bad",)}, "--map-emotion: '화남' is not an emotion. Emotions are 긍정"),
        ({"emotions": ("부정=bad,",)}, "a word for 부정 is empty"),
        ({"emotions": ("부정=bad", "긍정=Bad")}, "'Bad' stands for two emotions"),
    ],
)
def test_options_that_are_wrong_are_refused(
    tmp_path: Path, asked: dict[str, Any], said: str
) -> None:
    assert said in refusal(csv(tmp_path, *TWO_WEEKS), UsageError, **asked)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("column = {}", "'column' is not a key. Keys are sheet, date_order, timezone, "),
        ("columns = 1", "write [columns] as lines such as"),
        ("[columns]\nid = 1", "write [columns] as lines such as"),
        ('[emotions]\n"부정" = "bad"', "write [emotions] as lines such as"),
        ('[emotions]\n"부정" = [1]', "write [emotions] as lines such as"),
        ("[emotions]\n부정 = []", "is not TOML: Invalid statement (at line 2, column 1)"),
        ("sheet = 1", "sheet is not a name"),
        ("timezone = 9", "timezone is not a name"),
        ('timezone = "Mars"', "Mars is not a time zone here"),
        ('date_order = "ymd"', "a date order is dmy (day first) or mdy"),
        ('[columns]\nid = "Nope"', "voc-source.toml: export.csv has no column 'Nope' for id"),
        ("부정".encode("cp949"), "voc-source.toml is not UTF-8"),
    ],
)
def test_a_file_of_options_that_is_wrong_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = csv(tmp_path, *TWO_WEEKS)
    (tmp_path / MAP_FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert said in refusal(path, UsageError)


def test_a_named_file_of_options_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_SOURCE_MAP", str(tmp_path / "gone.toml"))
    assert "gone.toml: No such file or directory. Check VOC_SOURCE_MAP." in refusal(
        csv(tmp_path, *TWO_WEEKS), UsageError
    )


def test_emotions_that_are_unknown_are_listed_with_their_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["부정", "긍정", "중립", "", " ", *["나쁨"] * 1200, *"abcde", "x" * 30, "\u202e뒤집기"]
    rows = [f'{n},{BASE},유저,"{word}"' for n, word in enumerate(words)]
    read(csv(tmp_path, *rows, f"0,{COMPARISON},유저,부정"), emotions=("중립=a",))
    assert (
        "overall_emotion is none of 긍정, 중립, 부정 in some tickets: "
        "'나쁨' 1,200; 'b' 1; 'c' 1; 'd' 1; 'e' 1; and 2 more. "
    ) in caplog.text


def test_the_words_of_other_classifiers_are_proposed_and_what_is_proposed_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["Negative", "Very negative", "neutral", "Positive"]
    path = csv(tmp_path, *(f"{n},{BASE},유저,{word}" for n, word in enumerate(words)), *TWO_WEEKS)
    read(path)
    proposed = (
        'add --map-emotion 부정="Negative,Very negative" --map-emotion 중립="neutral" '
        '--map-emotion 긍정="Positive", if that is what they mean'
    )
    assert proposed in caplog.text
    asked = ("부정=Negative,Very negative", "중립=neutral", "긍정=Positive")
    assert [row[3] for row in read(path, emotions=asked)].count("부정") == 3


def test_a_number_as_an_emotion_can_be_mapped(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        f"select n as id, timestamptz '{COMPARISON}' - interval 7 day * n as event_create_time, "
        "'a' as category1, n as overall_emotion from range(2) as numbers(n)",
    )
    assert [row[3] for row in read(path, emotions=("부정=1",))] == ["부정", "0"]

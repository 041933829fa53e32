"""Personal data goes, everything else stays, and SQL and Python agree on which is which."""

from __future__ import annotations

import ast
import itertools
import re
import unicodedata
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.privacy.masker import Masker, PiiPattern, SpellingFolds, load_folds, load_patterns
from flows.runtime.errors import UsageError
from flows.source.made_up.scenario import FILLED_IN, load_scenario
from tests.masking import (
    BIGQUERY,
    DUCKDB,
    MASKED,
    PAIRS,
    PROJECT_FILE,
    RESPELLED,
    STRANGERS_KEPT,
    STRANGERS_MASKED,
    UNCHANGED,
    MaskedCase,
    mask_sql,
)

# dbt never closes the log file of its previous invocation in the same process.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u206f\ufeff\u202a-\u202e]")
# Between the parts of a composed text.
SEPARATORS = (
    " ",
    ", ",
    "\n",
    ": ",
    " / ",
    "(",
    ") ",
    "] ",
    "[",
    " - ",
    "·",
    "=",
    "와 ",
    "입니다. ",
)
# Words that make the values behind or before them personal data, and words of which none does.
WORDS = (
    *(
        "이름",
        "성명",
        "담당자",
        "예금주",
        "신청자",
        "고객님",
        "님",
        "씨",
        "과장",
        "드림",
        "안녕하세요",
    ),
    *(
        "주소",
        "연락처",
        "휴대폰",
        "전화번호",
        "계좌번호",
        "국민은행",
        "신한",
        "생년월일",
        "생",
        "연봉",
        "급여",
    ),
    *(
        "주민번호",
        "카드번호",
        "사업자번호",
        "여권번호",
        "면허번호",
        "차량번호",
        "건강보험",
        "통관부호",
    ),
    *("비밀번호", "인증번호", "CVC", "보안코드", "카톡", "토큰", "MAC", "IP", "버전"),
    *(
        "주문번호",
        "운송장",
        "바코드",
        "지원자",
        "이미지",
        "가온테크",
        "변경",
        "오류",
        "은",
        "에서",
        "으로",
    ),
)
NO_FOLDS = SpellingFolds(invisible="\u200b", source="\uff10", target="0")


MASKER = Masker.from_project_file(PROJECT_FILE)


@pytest.fixture(scope="module")
def masker() -> Masker:
    return MASKER


@pytest.fixture(scope="module")
def duckdb_sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    return mask_sql(tmp_path_factory.mktemp("duckdb"), DUCKDB)


@pytest.fixture(scope="module")
def bigquery_sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    return mask_sql(tmp_path_factory.mktemp("bigquery"), BIGQUERY)


@pytest.fixture(scope="module")
def masked_in_sql(duckdb_sql: str) -> dict[str | None, str | None]:
    """Every text of this module and NULL, as masked by DuckDB in one query."""
    texts = [
        *(None, *(c.text for c in MASKED), *UNCHANGED, *(t for t, _ in RESPELLED), *PAIRS),
        *(*STRANGERS_MASKED, *STRANGERS_KEPT),
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table cases as select i as id, list_extract($1, i) as text "
            "from generate_series(1, len($1)) as numbered (i)",
            [texts],
        )
        rows = connection.execute(duckdb_sql).fetchall()
    return {texts[number - 1]: masked for number, masked in rows}


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(MASKED) >= 150
    assert len(UNCHANGED) >= 100
    assert len(STRANGERS_MASKED) >= 150
    assert len(STRANGERS_KEPT) >= 100


def test_every_kind_has_cases_in_several_spellings() -> None:
    kinds = {
        mark for p in load_patterns(PROJECT_FILE) for mark in re.findall(r"\[\w+\]", p.replacement)
    }
    cases = Counter(kind for case in MASKED for kind in re.findall(r"\[\w+\]", case.expected))
    assert {kind: cases[kind] for kind in kinds if cases[kind] < 4} == {}


@pytest.mark.parametrize("case", MASKED)
def test_personal_data_is_masked(
    case: MaskedCase, masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    masked = masker.mask(case.text)

    assert masked == case.expected
    assert masked_in_sql[case.text] == case.expected
    assert masker.contains_pii(case.text)
    for secret in case.secrets:
        for piece in _telling_pieces(secret):
            assert piece not in masked


def _telling_pieces(secret: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", secret)
    # The scheme and host of a link may be in a harmless link beside it.
    return re.findall("[0-9]{3,}", plain) + re.findall("[A-Za-z]{5,}", plain.split("?")[-1])


@pytest.mark.parametrize("text", UNCHANGED)
def test_harmless_text_stays_readable(
    text: str, masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    assert masker.mask(text) == text
    assert masked_in_sql[text] == text
    assert not masker.contains_pii(text)


@pytest.mark.parametrize(("text", "secrets"), STRANGERS_MASKED.items())
def test_what_a_stranger_wrote_is_masked(
    text: str, secrets: list[str], masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    masked = masker.mask(text)

    for secret in secrets:
        assert _as_read(secret) in _as_read(text)
        assert _as_read(secret) not in _as_read(masked)
    assert masked_in_sql[text] == masked


def _as_read(text: str) -> str:
    """As a reader sees it, whatever the spelling."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("text", STRANGERS_KEPT)
def test_what_a_stranger_wrote_without_personal_data_stays(
    text: str, masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    assert not masker.contains_pii(text)
    assert _as_read(masker.mask(text)) == _as_read(text)
    assert masked_in_sql[text] == masker.mask(text)


@pytest.mark.parametrize(("text", "expected"), RESPELLED)
def test_spelling_alone_is_not_personal_data(
    text: str, expected: str, masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    assert masker.mask(text) == expected
    assert masked_in_sql[text] == expected
    assert not masker.contains_pii(text)


def test_of_two_adjacent_numbers_both_are_masked(
    masker: Masker, masked_in_sql: dict[str, str]
) -> None:
    for text in PAIRS:
        masked = masker.mask(text)
        assert not re.search("[0-9]{2,}|naver|token", masked), (text, masked)
        assert masked_in_sql[text] == masked


def test_masking_a_masked_text_changes_nothing(masker: Masker) -> None:
    cases = [*(case.text for case in MASKED), *STRANGERS_MASKED]
    unchanged = [*UNCHANGED, *STRANGERS_KEPT]
    # Side by side too: what one pattern leaves must not be what another waits for.
    neighbours = [
        first + separator + second
        for separator in (" ", ", ", "\n", " 그리고 ")
        for first, second in itertools.pairwise([*cases, *unchanged, *cases[::7]])
    ]
    for text in [*cases, *unchanged, *PAIRS, *neighbours]:
        masked = masker.mask(text)
        assert masker.mask(masked) == masked, text
    assert not any(masker.contains_pii(masker.mask(text)) for text in cases)


@settings(max_examples=1_000, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(WORDS)
            | st.sampled_from([secret for case in MASKED for secret in case.secrets])
            | st.sampled_from([*(case.text for case in MASKED), *UNCHANGED]),
            st.sampled_from(SEPARATORS),
        ),
        min_size=2,
        max_size=8,
    ).map(lambda parts: "".join(map("".join, parts)))
)
def test_masking_whatever_is_composed_twice_is_masking_it_once(text: str) -> None:
    masked = MASKER.mask(text)
    assert MASKER.mask(masked) == masked


def test_made_up_tickets_without_personal_data_stay_readable(masker: Masker) -> None:
    """With each company, position and so on in them: none is a name of a person."""
    scenario = load_scenario()
    phrases = [
        phrase
        for name, phrases in scenario.phrases.items()
        if name != "personal"
        for phrase in phrases
    ]
    texts = [
        *(text for case in scenario.cases for text in (case.title, case.detail, case.main_topic)),
        *(*phrases, *(case.keywords for case in scenario.cases)),
        *(
            f"{{{FILLED_IN.index('company')}}} {role}"
            for role in ("담당자", "담당자님", "대표", "팀장")
        ),
        *(
            f"담당자 {{{FILLED_IN.index('position')}}}",
            f"{{{FILLED_IN.index('position')}}} 담당자입니다",
        ),
        *(" / ".join(filter(None, category.path)) for category in scenario.categories),
    ]
    for turn in range(max(map(len, scenario.words.values()))):
        words = [
            choices[turn % len(choices)]
            for choices in (scenario.words.get(name, ["1"]) for name in FILLED_IN)
        ]
        for text in texts:
            filled = text.format(*words)
            assert not masker.contains_pii(filled), masker.mask(filled)


def test_every_pattern_has_a_case_that_needs_it() -> None:
    patterns, folds = load_patterns(PROJECT_FILE), load_folds(PROJECT_FILE)
    for left_out in patterns:
        without = Masker([p for p in patterns if p is not left_out], folds)
        kind = re.sub(r"\\[0-9]", "", left_out.replacement)
        likely_first = sorted(MASKED, key=lambda case: kind not in case.expected)
        assert any(without.mask(c.text) != c.expected for c in likely_first), left_out.name


@pytest.mark.parametrize(
    "hidden",
    [
        "\x00",
        "\x1f",
        "\x7f",
        "\u200b",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u180e",
        "\ufe0f",
        "\u202e",
        "\u034f",
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_invisible_characters_hide_nothing(hidden: str, masker: Masker) -> None:
    assert masker.mask(hidden.join("010-1234-5678")) == "[전화번호]"
    assert masker.mask(hidden.join("hong@naver.com")) == "[이메일]"


def test_decomposed_hangul_is_still_a_keyword(masker: Masker) -> None:
    text = unicodedata.normalize("NFD", "계좌번호는 110123456789")
    assert masker.mask(text) == "계좌번호는 [계좌번호]"


def test_null_stays_null(masked_in_sql: dict[str | None, str | None]) -> None:
    assert masked_in_sql[None] is None


def test_empty_text_and_half_a_surrogate_pair_are_no_error(masker: Masker) -> None:
    assert masker.mask("") == ""
    assert masker.mask("\ud83d 010-1234-5678") == "? [전화번호]"


def test_bigquery_gets_the_same_rules(bigquery_sql: str) -> None:
    """BigQuery unescapes a literal as Python does, so reading them back must give the list."""
    literals = [
        ast.literal_eval(literal) for literal in re.findall(r"'(?:[^'\\]|\\.)*'", bigquery_sql)
    ]
    folds = load_folds(PROJECT_FILE)
    assert literals == [
        *(folds.invisible, "", folds.source, folds.target),
        *(text for p in load_patterns(PROJECT_FILE) for text in (p.pattern, p.replacement)),
    ]
    assert "normalize(translate(regexp_replace(text, " in bigquery_sql


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        ("(?<=a)b", "x", "ssn is not a valid RE2 pattern: invalid perl operator"),
        ("[0-9", "x", "ssn is not a valid RE2 pattern: missing ]"),
        ("[0-9]*", "x", "ssn matches empty text"),
        ("([0-9])", r"\2", r"ssn replaces by group \2, but its pattern has 1"),
        ("<no_such_part>[0-9]", "x", "ssn uses <no_such_part>, which is not in pii_parts"),
    ],
)
def test_an_unusable_pattern_is_named(pattern: str, replacement: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        Masker([PiiPattern("ssn", pattern, replacement)], NO_FOLDS)


def test_no_patterns_is_an_error_and_not_a_licence() -> None:
    with pytest.raises(UsageError, match="pii_patterns is empty"):
        Masker([], NO_FOLDS)


@pytest.mark.parametrize(("source", "target"), [("\uff10\uff11", "0"), ("\uff10\uff10", "00")])
def test_folds_that_bigquery_would_refuse_are_refused(source: str, target: str) -> None:
    with pytest.raises(UsageError, match="pii_folds: from and to"):
        Masker([PiiPattern("ssn", "[0-9]", "x")], SpellingFolds("\u200b", source, target))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("vars: {}", "has no var pii_patterns"),
        ("- a list", "has no var pii_patterns"),
        ("vars: {pii_parts: {a: b}, pii_patterns: [{name: ssn}]}", "Each needs name, pattern"),
        ("vars: {pii_parts: {a: b}, pii_patterns: [ssn]}", "Each needs name, pattern"),
        ("vars: [", "is not valid YAML"),
    ],
)
def test_a_project_file_without_rules_is_an_error(
    content: str, message: str, tmp_path: Path
) -> None:
    project_file = tmp_path / "dbt_project.yml"
    project_file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_patterns(project_file)


def test_a_missing_project_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Masker.from_project_file(tmp_path / "dbt_project.yml")

"""What is left of the personal data in a public synthetic corpus: the generator of ko-pii, which others wrote.

Its documents are official ones: decrees, minutes, verdicts, contracts. No customer writes so; what they have is names,
addresses and numbers that nobody chose for these patterns. docs/privacy.md has the figures.
"""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import pytest

from flows.privacy.masker import Masker
from tests.nightly_packages import needs

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

DOCUMENTS = 1_000
STRUCTURED = {"RRN", "PHONE", "EMAIL", "BUSINESS_REG", "VEHICLE"}
# Numbers of documents, petitions, cases and employees stay: docs/privacy.md says so.
KEPT = {"DOC_ID", "PETITION_ID", "COURT_CASE", "EMPLOYEE_ID"}
# The paragraphs with values that only look like personal data. Here they are masked too: a mistyped resident number
# is a resident number to whoever reads it.
LOOK_ALIKES = (
    "양식 예시는",
    "예시 코드는",
    "이전 회신 문서",
    "본 안건과 무관한",
    "양식 작성 시 주의",
)
# A telephone number that the generator does not label.
UNLABELLED = "02-1234-5678"


@pytest.fixture(scope="module")
def synth() -> Any:
    needs("ko-pii")
    return import_module("ko_pii.eval.synth")


@pytest.fixture(scope="module")
def documents(synth: Any) -> list[Any]:
    found: list[Any] = synth.generate_corpus(DOCUMENTS, seed=15)
    return found


def test_names_addresses_and_numbers_are_gone(documents: list[Any]) -> None:
    mask = Masker.of_project().mask
    total: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for document in documents:
        masked = mask(document.text)
        for span in document.spans:
            total[span.label] += 1
            # Anywhere in the document, so that one of two mentions counts as left.
            left[span.label] += span.text in masked
    print({label: f"{left[label]} of {total[label]}" for label in sorted(total)})

    assert set(total) <= STRUCTURED | KEPT | {"PERSON", "ADDRESS"}
    assert total["PERSON"] > 1_000
    assert left["PERSON"] <= 0.10 * total["PERSON"]
    assert left["ADDRESS"] <= 0.05 * total["ADDRESS"]
    assert {label: left[label] for label in STRUCTURED} == dict.fromkeys(STRUCTURED, 0)


def test_the_other_lines_stay_as_they_are(documents: list[Any]) -> None:
    masker = Masker.of_project()
    lines = [line for document in documents for line in _harmless_lines(document)]
    changed = Counter(line for line in lines if masker.contains_pii(line))
    print(f"{changed.total()} of {len(lines)}", changed.most_common(5))

    assert len(lines) > 10_000
    assert changed.total() <= 0.01 * len(lines)


def test_names_of_companies_departments_and_laws_stay_readable(synth: Any) -> None:
    masker = Masker.of_project()
    names = [
        *(*synth._COMPANY_POOL, *synth._PUBLIC_CORP_POOL, *synth._AGENCIES_POOL),
        *(*synth._DEPT_POOL, *synth._SCHOOL_POOL, *synth._BOILERPLATE_LAW_CITATIONS),
    ]
    assert len(names) > 100
    # Beside the words that announce a name.
    texts = [
        text
        for name in names
        for text in (name, f"{name} 담당자", f"담당자 {name}", f"{name} 귀하")
    ]
    changed = [text for text in texts if masker.contains_pii(text)]
    print(changed)
    assert len(changed) <= 0.01 * len(texts)


def _harmless_lines(document: Any) -> list[str]:
    lines, start = [], 0
    for line in document.text.splitlines(keepends=True):
        end = start + len(line)
        labelled = any(
            span.start < end and start < span.end
            for span in document.spans
            if span.label not in KEPT
        )
        if (
            line.strip()
            and not labelled
            and not any(words in line for words in (*LOOK_ALIKES, UNLABELLED))
        ):
            lines.append(line)
        start = end
    return lines

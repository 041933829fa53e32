"""GoogleSQL masks as Python does, whose answers are held to the table in tests/privacy/test_masker.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.privacy.masker import Masker
from tests.bigquery.googlesql import GoogleSql
from tests.masking import (
    BIGQUERY,
    MASKED,
    PAIRS,
    RESPELLED,
    STRANGERS_KEPT,
    STRANGERS_MASKED,
    UNCHANGED,
    mask_sql,
)


# dbt never closes the log file of its previous invocation in the same process.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_googlesql_masks_as_python_does(tmp_path: Path, googlesql: GoogleSql) -> None:
    texts = [
        *(None, *(case.text for case in MASKED), *UNCHANGED, *(text for text, _ in RESPELLED)),
        *(*STRANGERS_MASKED, *STRANGERS_KEPT, *PAIRS[::20]),
    ]
    rows = [{"id": number, "text": text} for number, text in enumerate(texts)]
    googlesql.table("cases", {"id": "INT64", "text": "STRING"}, rows)
    masked = {row["id"]: row["masked"] for row in googlesql.rows(mask_sql(tmp_path, BIGQUERY))}
    mask = Masker.of_project().mask
    assert masked == {n: text and mask(text) for n, text in enumerate(texts)}

"""What Prefect keeps of a run holds no personal data, and is otherwise as it was."""

from __future__ import annotations

import logging

import pytest

from flows.privacy.kept import mask_lines_of, masked_errors
from flows.privacy.masker import Masker
from flows.runtime.errors import SourceError

PHONE = "010-3847-5555"


def test_lines_with_personal_data_are_masked_and_the_others_stay() -> None:
    value = {PHONE: ["Ａ／Ｓ – ①", f"{PHONE} 고객\nＡ／Ｓ", 3, None, ("kim@example.com",)]}
    assert Masker.of_project().clean(value) == {
        PHONE: ["Ａ／Ｓ – ①", "[전화번호] 고객\nＡ／Ｓ", 3, None, ["[이메일]"]]
    }


def test_an_error_for_users_is_masked_and_stays_what_it_is() -> None:
    """A file without a header: its first row is taken for one, and quoted."""
    with pytest.raises(SourceError) as caught, masked_errors():
        raise SourceError(f"tickets.csv has no column id. It has {PHONE}.", is_passing=True)
    assert str(caught.value) == "tickets.csv has no column id. It has [전화번호]."
    assert caught.value.is_passing


def test_a_log_line_is_masked_before_any_handler_sees_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("voc.test_kept")
    mask_lines_of(log)
    log.warning("%s: overall_emotion is none of 긍정, 중립, 부정: '%s' 3", "a.csv", PHONE)
    assert caplog.messages == ["a.csv: overall_emotion is none of 긍정, 중립, 부정: '[전화번호]' 3"]

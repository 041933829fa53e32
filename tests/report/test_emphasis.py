"""Marks of Markdown are emphasis or nothing; what only looks like one stays."""

from __future__ import annotations

import pytest

from flows.report.emphasis import plain, shown


@pytest.mark.parametrize(
    ("text", "written", "without"),
    [
        ("**사파리**에서 실패합니다.", "[사파리]에서 실패합니다.", "사파리에서 실패합니다."),
        ("앞 *굵게* 뒤", "앞 [굵게] 뒤", "앞 굵게 뒤"),
        ("***둘 다*** 뒤", "[둘 다] 뒤", "둘 다 뒤"),
        ("__밑줄__ 뒤", "[밑줄] 뒤", "밑줄 뒤"),
        ("`E-77` 오류", "E-77 오류", "E-77 오류"),
        ("**끝나지 않은 강조", "끝나지 않은 강조", "끝나지 않은 강조"),
        ("**잘린 문장. ", "잘린 문장. ", "잘린 문장. "),
        ("5 * 3 * 2", "5 * 3 * 2", "5 * 3 * 2"),
        ("error_code와 a.__class__", "error_code와 a.__class__", "error_code와 a.__class__"),
        ("", "", ""),
    ],
)
def test_emphasis_is_written_as_the_medium_writes_it(text: str, written: str, without: str) -> None:
    assert shown(text, str, "[{}]".format) == written
    assert plain(text) == without


def test_a_million_marks_take_no_time() -> None:
    for text in ("*" * 1_000_000, "* a" * 300_000, "__a" * 300_000, "`" * 1_000_001):
        assert "**" not in plain(text)

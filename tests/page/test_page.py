"""The page says everything, loads nothing, and takes every word for text."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from catalogue import LOCALES, Locale, Texts
from flows.page.html.levels import levels_of
from flows.page.html.page import Places, index_page, product_page, report_page
from flows.page.html.rows import Contents, Row, on_paper
from flows.page.record import Announcement, Record
from flows.privacy.masker import Masker
from flows.report.doubts import doubt_text
from flows.report.values import (
    Alarms,
    Change,
    History,
    PastWeek,
    RisingWord,
    Status,
    Week,
    WeeklyReport,
)
from flows.report.writing import category_name, signed
from tests.builders import (
    BASE,
    CATEGORY,
    COMPARISON,
    build_alert_above,
    build_analysis,
    build_change,
    build_changes,
    build_doubt,
    build_quiet_report,
    build_report,
)
from tests.page.conftest import HOSTILE, LONG, PHONE, RECEIPT, build_history

# Attributes by which an element loads something, or says where to.
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href"}


class Page(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "script"):
            self.raw[self._open] = data
        elif data.strip():
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_every_category_is_there_with_its_numbers(page: str, report: WeeklyReport) -> None:
    text = Page(page).text
    for row in report.rows:
        assert category_name(row.category) in text
        assert f"{row.base_total:,} → {row.comparison_total:,}" in text
    assert "신규" in text
    assert "−100.0%" in text
    assert "-100" not in text


def test_the_headline_comes_first_then_the_filter_then_the_table(page: str) -> None:
    text = Page(page).text
    parts = (
        "2025-W46",
        "심각 2개, 주의 1개",
        "먼저 볼 변화",
        "카테고리별 상태",
        "상태 기준",
        "데이터와 실행",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_an_open_category_has_trend_analysis_and_samples(page: str) -> None:
    text = Page(page).text
    assert "2025-W46 100 25 25.0%" in text
    for title in (
        "요약",
        "원인 가설",
        "후속 조치",
        "대표 예시",
        "W46 문의 표본 3",
        "전주(W45) 문의 표본 2",
    ):
        assert title in text
    assert "LaaS 분석" in text
    assert "규칙 기반 분석" in text
    assert "분석을 쓰고 있습니다" in text  # on the one whose analysis is missing


def test_evidence_has_a_column_a_filter_a_band_and_an_explanation(
    contents: Contents, masker: Masker
) -> None:
    clear: dict[str, Any] = {
        "evidence": "strong",
        "p_increase": 1e-5,
        "usual_low": 12,
        "usual_high": 30,
        "weeks_before": 8,
    }
    unclear, clear_one = (
        build_change("CRITICAL", comparison=40, **clear | {"evidence": "weak", "p_increase": 0.1}),
        build_change("MONITOR", ("기업", "결제", "환불"), comparison=30, **clear),
    )
    report = build_report(unclear, clear_one, alarms=Alarms(2, 1, 1.4, 0.63, 0.2, 0.2))
    history = build_history(report)
    banded = tuple(replace(count, usual=(12, 30)) for count in history.of(CATEGORY))
    history = replace(history, counts=dict(history.counts) | {CATEGORY: banded})
    html = report_page(
        replace(contents, report=report, history=history), Texts(), masker.contains_pii
    )
    cells = re.findall(r'<td class="evidence" data-value="([^"]*)">(.*?)</td>', html)
    assert [(value, re.sub("<.*?>", "", shown)) for value, shown in cells] == [
        ("2.1", "◇ 약함"),
        ("1e-05", "◆ 뚜렷"),
    ]
    assert len(re.findall(r"<tbody [^>]*data-clear", html)) == 1
    assert '<input type="checkbox" name="clear">' in html
    assert "경보 2건 중 뚜렷한 변화 1건" in html
    assert "전체 문의가 평소의 63%입니다" in html
    assert re.search(r'먼저 볼 변화:</?.*? <a href="#category-2">|<a href="#category-2">기업', html)
    assert html.count('<path class="usual"') == 1  # the other category was never judged
    assert html.count("<td>12–30</td>") == len(history.weeks)
    assert "평소 12–30건 · ◇ 약함: 평소에도 10주에 한 번" in html
    assert 'href="#evidence"' in html
    assert "◇는 ‘아무 일도 없었다’는 뜻이 아닙니다" in html


def test_thresholds_freshness_and_receipt_are_there(page: str) -> None:
    text = Page(page).text
    assert "심각 20 +30% +20%p –" in text
    assert "개선 10 – – −20%" in text
    for part in (
        "데이터 마지막 날 2025-11-16",
        "1,234",
        "5.0 MB",
        "3회, 4,567토큰",
        "61초",
        "1.2.3",
    ):
        assert part in text


def test_the_receipt_names_the_model_and_what_it_did_not_write(
    contents: Contents, masker: Masker
) -> None:
    assert contents.receipt is not None
    receipt = replace(
        contents.receipt, model="a <b>", questions_not_asked=2, questions_out_of_time=1
    )
    page = report_page(replace(contents, receipt=receipt), Texts(), masker.contains_pii)
    text = Page(page).text
    assert "a <b> 3회, 4,567토큰 · 모델이 연달아 실패해 2건은 묻지 않고" in text
    assert "1건은 답 없이" in text


def listed(page: str, item: str) -> str:
    """What an entry of a list says: itself, and the ticket that its link leads to."""
    link = re.search(r'<a href="#(ticket-[\d-]+)">', item)
    if link is None:
        return Page(item).text
    found = re.findall(rf'<li id="{link[1]}">(.*?)</li>', page)
    assert len(found) == 1
    id_, text = Page(found[0]).words[0], Page(found[0]).text
    assert text.startswith(id_)
    return f"{Page(item).text} {text.removeprefix(id_).strip()}"


def test_a_count_opens_exactly_its_tickets(contents: Contents, masker: Masker) -> None:
    """In the order of the weeks; a ticket with personal data is left out, of a purged one the id stays."""
    page = report_page(contents, Texts(), masker.contains_pii)
    counted = page[page.index('<details class="counted">') :]
    counted = counted[: counted.index("</details>")]
    assert "사파리 3/40건, 전주(W45) 1건" in counted
    assert [listed(page, item) for item in counted.split("<li>")[1:]] == [
        "9001 사파리 오류 <u>9001</u>",
        f"9002 {Texts()('gate.withheld')}",
        "9999",
        "8001 전주(W45) 사파리 로그인",
    ]
    assert page.count('<details class="counted">') == 1
    assert "알 수 없습니다. 근거 없음" in Page(page).text


def test_the_counts_of_both_weeks_open_their_tickets_each_once(page: str) -> None:
    details = page[page.index('id="details-1"') : page.index('id="category-2"')]
    assert (
        '<dd><a href="#tickets-1-base">20</a> → <a href="#tickets-1-comparison">40</a>' in details
    )
    lists = re.findall(r'<ul id="tickets-1-(\w+)".*?>(.*?)</details>', details, re.DOTALL)
    assert [(role, len(re.findall("<li ", items))) for role, items in lists] == [
        ("comparison", 3),
        ("base", 1),
    ]
    assert "나머지 37건은 개인정보를 보호하려고 싣지 않았습니다." in Page(lists[0][1]).text
    assert page.count("사파리 오류 &lt;u&gt;9001") == 1
    assert 'href="#tickets-2' not in page  # there are no tickets of it


def test_every_flagged_row_says_its_rules_and_the_numbers_that_decided(
    contents: Contents, masker: Masker
) -> None:
    both = build_change(status_reason="volume_increase+negative_ratio")
    rose = build_change(
        "CRITICAL", ("기업", "결제", "환불"), 1469, 1469, status_reason="negative_ratio"
    )
    new = build_change("MONITOR", ("기업", "결제", "신규"), 0, 1100)
    gone = build_change("IMPROVED", ("기업", "결제", "종료"), 60, 0)
    report = build_report(both, rose, new, gone, build_change("STABLE", ("기업", "결제", "기타")))
    page = report_page(replace(contents, report=report), Texts(), masker.contains_pii)
    assert re.findall(r'<tr class="why"><td></td><td colspan="7">(.*?)</td>', page) == [
        "건수 증가 20 → 40건 (+100.0%) · 부정 비율 상승 25.0% → 50.0% (+25.0%p)",
        "부정 비율 상승 25.0% → 50.0% (+25.0%p)",
        "건수 증가 0 → 1,100건 (신규)",
        "건수 감소 60 → 0건 (−100.0%)",
    ]


def test_on_paper_are_the_flagged_ones_as_far_as_four_sheets_go(contents: Contents) -> None:
    def printed(*changes: Change) -> list[str]:
        rows = [Row(contents, change, Texts(), n) for n, change in enumerate(changes, start=1)]
        return list(on_paper(rows))

    assert printed(build_change(), *build_changes("MONITOR", 2), build_change("STABLE")) == [
        *("summary", "line", "line"),  # an analysis stands of the first
        "",
    ]
    short, long = printed(*build_changes("CRITICAL", 1100)), printed(*([LONG] * 1100))
    assert short.count("line") > 2 * long.count("line") > 10
    assert short == sorted(short, reverse=True)  # what is left out is the least urgent


def test_a_category_more_makes_the_page_little_larger(contents: Contents, masker: Masker) -> None:
    """5,000 of them are a file that a browser opens: the words of a category's weeks are there once."""

    def size(categories: int) -> int:
        report = build_report(*build_changes("STABLE", categories))
        shown = replace(contents, report=report, history=build_history(report), analyses={})
        return len(report_page(shown, Texts(), masker.contains_pii).encode())

    assert (size(60) - size(10)) / 50 < 6_500


def test_a_folded_alarm_says_where_it_is_explained(contents: Contents, masker: Masker) -> None:
    above = build_alert_above(CATEGORY)
    report = replace(contents.report, alerts_above=(above,))
    analysis = build_analysis(category=above.category, summary="함께 늘었습니다.")
    told = replace(contents, report=report, analyses={above.category: analysis})
    page = Page(report_page(told, Texts("ko"), masker.contains_pii))
    assert "유저 / 이력서 전체" in page.text
    assert "함께 늘었습니다." in page.text
    assert page.text.count("이 변화는 ‘유저 / 이력서 전체’에서 함께 설명합니다.") == 1


def test_a_level_opens_into_what_is_below_it_whose_changes_add_up() -> None:
    rows = (
        build_change(category=("유저", "이력서", "오류"), base=20, comparison=40),
        build_change(category=("유저", "이력서", "기타"), base=50, comparison=45),
        build_change(category=("유저", "알림", "중복"), base=0, comparison=38),
        build_change(category=("기업", "결제", "환불"), base=1_000, comparison=900),
    )
    numbers = {row.category: n for n, row in enumerate(rows, start=1)}
    company, user = levels_of(rows, numbers)
    assert (company.name, company.change) == ("기업", -100)
    assert (user.base, user.comparison, user.change) == (70, 123, 53)
    assert [(each.name, each.change) for each in user.children] == [("알림", 38), ("이력서", 15)]
    leaves = user.children[1].children
    assert [(leaf.name, leaf.change, leaf.number) for leaf in leaves] == [
        ("오류", 20, 1),
        ("기타", -5, 2),
    ]
    assert sum(leaf.change for leaf in leaves) == user.children[1].change


def test_every_level_is_on_the_page_and_leads_to_its_categories(page: str) -> None:
    section = page[page.index('<section class="levels"') :]
    section = section[: section.index("</section>")]
    assert "유저 " in section
    assert "기업 <span" in section
    assert '<a href="#category-3">환불</a> <span class="figure">100 → 121건 (+21)</span>' in section
    assert '수강 신청</a> <span class="figure">60 → 0건 (−60)</span>' in section
    assert "&lt;img src=x" in section


def test_an_alert_above_says_what_made_it_and_leads_there(
    contents: Contents, masker: Masker
) -> None:
    report = replace(contents.report, alerts_above=(build_alert_above(CATEGORY),))
    page = report_page(replace(contents, report=report), Texts(), masker.contains_pii)
    (table,) = re.findall(r'<table class="drivers".*?</table>', page, re.DOTALL)
    assert Page(table).text.endswith(
        "업로드 오류 +24 70.6% +1.0 첨부 파일 +10 29.4% +1.0 미리보기 +0 0.0% +1.0 서식 −4 0.0% +1.0"
    )
    (number,) = re.findall(r'<a href="#category-(\d+)">업로드 오류</a></th>', table)
    assert re.search(rf'id="category-{number}">.*?유저 / 이력서 / 업로드 오류<', page, re.DOTALL)


def test_a_counted_ticket_links_to_its_address(contents: Contents, masker: Masker) -> None:
    contents = replace(contents, ticket_url="https://desk.example/{id}")
    page = report_page(contents, Texts(), masker.contains_pii)
    for id_ in ("9001", "9999", "8001"):
        assert f'<a href="https://desk.example/{id_}" rel="noreferrer">{id_}</a>' in page
    assert "https://desk.example/%3Cu%3E1%3C/u%3E" not in page  # an id cannot end its address
    assert 'href="https://desk.example/%3Cu%3E1%3C%2Fu%3E"' in page


def test_emphasis_of_a_model_is_strong_and_what_was_left_out_is_said(page: str) -> None:
    assert "&lt;script&gt;alert(5)&lt;/script&gt; <strong>급증</strong>" in page
    assert "<strong>사파리</strong> 갱신" in page
    assert "**" not in page
    assert "확인되지 않은 문장 2개 제외" in Page(page).text


def test_an_analysis_by_another_model_says_so(contents: Contents, masker: Masker) -> None:
    analyses = {c: replace(a, source="model") for c, a in contents.analyses.items()}
    page = report_page(replace(contents, analyses=analyses), Texts(), masker.contains_pii)
    assert "모델 분석" in page
    assert "LaaS 분석" not in page


def test_while_the_run_goes_on_there_is_no_receipt(contents: Contents, masker: Masker) -> None:
    page = report_page(replace(contents, receipt=None, analyses={}), Texts(), masker.contains_pii)
    text = Page(page).text
    assert "토큰" not in text
    assert text.count("분석을 쓰고 있습니다") == 3


@pytest.mark.parametrize("locale", LOCALES)
def test_somebodys_words_make_no_element(
    contents: Contents, masker: Masker, locale: Locale
) -> None:
    page = Page(report_page(contents, Texts(locale), masker.contains_pii))
    assert {"img", "b", "u", "i"}.isdisjoint(tag for tag, _ in page.elements)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not [name for _, names in page.elements for name in names if name.startswith("on")]
    for words in ("<img src=x onerror=alert(1)>", '<b onclick="alert(3)">굵은</b>', "<svg onload="):
        assert words in page.text


def test_nothing_is_loaded(page: str) -> None:
    for tag, attributes in Page(page).elements:
        assert LOADING.isdisjoint(attributes), tag
        if tag != "a":
            assert attributes.get("href", "data:,") == "data:,"
    assert not re.search(r"https?://|@import|url\(", page)


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(page: str) -> None:
    parsed = Page(page)
    (policy,) = (
        attributes["content"]
        for _, attributes in parsed.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    allowed = {
        name: f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for name, text in parsed.raw.items()
    }
    assert policy == (
        f"default-src 'none'; style-src {allowed['style']}; script-src {allowed['script']}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert not [attributes for _, attributes in parsed.elements if "style" in attributes]


@pytest.mark.parametrize("locale", LOCALES)
def test_what_looks_like_personal_data_is_left_out_and_said(
    contents: Contents, masker: Masker, locale: Locale
) -> None:
    texts = Texts(locale)
    report = contents.report
    private = replace(report.rows[0], category3=PHONE)
    assert private.category != CATEGORY
    contents = replace(
        contents,
        report=replace(
            report,
            rows=(private, *report.rows[1:]),
            samples=(replace(report.samples[0], category=private.category, title=PHONE),),
        ),
        analyses={
            private.category: build_analysis(
                category=private.category, actions=(f"{PHONE}로 전화",)
            )
        },
    )
    page = report_page(contents, texts, masker.contains_pii)
    assert PHONE not in page
    assert not [word for word in Page(page).words if masker.contains_pii(word)]
    assert Page(page).text.count(texts("gate.withheld")) >= 4  # headline, row, sample, analysis


def test_invisible_characters_do_not_hide_a_number(contents: Contents, masker: Masker) -> None:
    hidden = "010-4321\u200b-\u202e8765"
    contents = replace(contents, analyses={CATEGORY: build_analysis(summary=hidden)})
    page = report_page(contents, Texts(), masker.contains_pii)
    assert "\u202e" not in page
    assert "4321" not in page


def test_a_quiet_week_says_so(masker: Masker) -> None:
    report = build_quiet_report()
    contents = Contents(report, build_history(report, 2), {}, None, None, "1", "index.html")
    text = Page(report_page(contents, Texts(), masker.contains_pii)).text
    assert "기준을 넘은 변화가 없습니다. 1개 카테고리 모두 안정입니다." in text
    assert "먼저 볼 변화" not in text


def test_the_words_that_rise_are_beside_the_counts(masker: Masker) -> None:
    report = build_quiet_report(rising_words=(RisingWord("<b>카카오</b>", 0, 12, 1e-4, ("유저",)),))
    contents = Contents(report, build_history(report, 2), {}, None, None, "1", "index.html")
    text = Page(report_page(contents, Texts(), masker.contains_pii)).text
    assert "새로 늘어난 말: ‘<b>카카오</b>’ 0 → 12건 (유저)" in text


def test_a_category_without_history_has_a_flat_trend(masker: Masker) -> None:
    report = build_quiet_report()
    history = History((BASE, COMPARISON), {})
    contents = Contents(report, history, {}, None, None, "1", "index.html")
    text = Page(report_page(contents, Texts(), masker.contains_pii)).text
    assert "2025-W46 0 0 –" in text


def test_ids_are_used_once(page: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(page).elements if "id" in attributes]
    assert len(ids) == len(set(ids)) > 5


PLACES = Places({"2025-W46": "2025-W46.html"}, "index.html", "product.html")
COUNTS: dict[Status, int] = {"CRITICAL": 2, "MONITOR": 0, "IMPROVED": 1, "STABLE": 1039}
MONDAY = datetime(2025, 11, 17, 9, 30, tzinfo=timezone(timedelta(hours=9)))


def test_the_list_links_the_weeks_that_have_a_page_and_their_messages(masker: Masker) -> None:
    weeks = [PastWeek(COMPARISON, COUNTS, 12_345), PastWeek(BASE, COUNTS)]
    url = "https://slack.com/archives/C0VOC/p1763370000000100"
    records = {
        "2025-W46": Record(announcement=Announcement(MONDAY, url)),
        "2025-W45": Record(announcement=Announcement(MONDAY, None)),  # in the outbox
    }
    page = Page(index_page(weeks, records, PLACES, Texts(), masker.contains_pii))
    links = [a for tag, a in page.elements if tag == "a"]
    assert [a["href"] for a in links] == ["product.html", "2025-W46.html", url]
    assert links[-1]["aria-label"] == "2025-W46 리포트의 Slack 메시지"
    assert "2025-W46 2025-11-10 – 2025-11-16 2 0 1 1,039 12,345 Slack" in page.text
    assert "2025-W45 2025-11-03 – 2025-11-09 2 0 1 1,039 0" in page.text
    assert "script" not in page.raw


def test_a_week_is_named_by_a_hostile_label_as_text(masker: Masker) -> None:
    week = PastWeek(Week(BASE.start, BASE.end, "<b>W45</b>"), COUNTS)
    for render in (index_page, product_page):
        page = render([week], {}, PLACES, Texts(), masker.contains_pii)
        assert "&lt;b&gt;W45" in page


@pytest.mark.parametrize(
    ("at", "said"),
    [(MONDAY, "11-17 09:30 제때"), (MONDAY + timedelta(minutes=1), "11-17 09:31 늦음")],
)
def test_how_the_product_did_is_told_from_what_was_recorded(
    masker: Masker, at: datetime, said: str
) -> None:
    doubts = (build_doubt(), build_doubt(code="week_low", days=(), observed=3.0))
    weeks = [PastWeek(COMPARISON, COUNTS, 9, 12, 4, 7.4, doubts), PastWeek(BASE, COUNTS, 9, 3)]
    analyses = (
        build_analysis(sentences_left_out=2),
        build_analysis(source="model", sentences_left_out=1),
        build_analysis(source="rule_based"),
    )
    records = {"2025-W46": Record(analyses, RECEIPT, Announcement(at, None))}
    page = Page(product_page(weeks, records, PLACES, Texts(), masker.contains_pii))
    assert f"2025-W46 {said} 12 4 7.4 2 1 3 5.0 MB 3회, 4,567토큰 61초 2" in page.text
    assert "2025-W45 – 3 0 0.0 – – – – – – 0" in page.text  # nothing was recorded of it
    for fact in (
        f"제때 올라온 리포트 1주 가운데 {int('제때' in said)}주",
        "경보 15건 · ◆ 4건 · 우연이면 약 7건",
        "확인한 모델 답변 2건 · 뺀 문장 3개",
        "한 주 비용(평균) 5.0 MB · 4,567토큰",
        "데이터 결함 2주 가운데 1주",
    ):
        assert fact in page.text
    for doubt in doubts:
        assert doubt_text(doubt, Texts()) in page.text
    assert "script" not in page.raw


def test_what_nothing_was_recorded_of_is_a_dash_and_old_weeks_are_left_out(masker: Masker) -> None:
    weeks = [PastWeek(week, COUNTS) for week in [COMPARISON, BASE] * 20]
    text = Page(product_page(weeks, {}, PLACES, Texts("en"), masker.contains_pii)).text
    assert "Reports on time – " in text
    assert "answers checked – " in text
    assert "Cost a week, on average – " in text
    assert "0 of 26 weeks" in text
    assert text.count("2025-W4") == 26


def test_a_renamed_category_that_looks_private_is_not_on_the_page_about_the_product(
    masker: Masker,
) -> None:
    doubt = build_doubt(code="renamed", days=(), category=("유저", PHONE), renamed_to="새 이름")
    weeks = [PastWeek(COMPARISON, COUNTS, doubts=(doubt,))]
    page = product_page(weeks, {}, PLACES, Texts(), masker.contains_pii)
    assert PHONE not in page
    assert Texts()("gate.withheld") in page


def test_a_minus_is_a_minus_and_zero_has_no_sign_of_its_own() -> None:
    assert [signed(value) for value in (-1.25, -0.01, 1234.5)] == ["−1.2", "+0.0", "+1,234.5"]


def test_hostile_names_are_told_apart_from_markup_in_attributes(page: str) -> None:
    values = [attributes.get("data-value") for _, attributes in Page(page).elements]
    assert category_name(HOSTILE) in values

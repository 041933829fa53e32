"""The page in a real browser: this machine's Chromium, driven over its own protocol. Nothing is downloaded."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from catalogue import Texts
from flows.page.html.page import Places, index_page, product_page, report_page
from flows.page.html.rows import Contents
from flows.privacy.masker import Masker
from flows.report.doubts import doubt_text
from flows.report.values import Change, PastWeek
from flows.report.writing import category_name
from tests.builders import COMPARISON, build_analysis, build_change, build_doubt, build_report
from tests.page.conftest import HOSTILE, LONG, build_history
from tests.page.test_contrast import THEMES, contrast

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium on this machine: apt-get install chromium fonts-noto-cjk",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses to run as root, as in a container.
        sandboxed = os.geteuid() != 0
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=sandboxed)
        yield browser
        browser.close()


@pytest.fixture
def file(page: str, tmp_path: Path) -> Path:
    path = tmp_path / "2025-W46.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def tab(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, opened. Whatever the test does: no error, and nothing but the file is asked for."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_default_timeout(5_000)
    tab.goto(file.as_uri())
    yield tab
    tab.close()
    assert said == []
    assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {
        file.as_uri()
    }


def names(tab: Page) -> list[str]:
    """The categories that can be seen, from the top."""
    return tab.locator("tr.category:visible .name button").all_inner_texts()


def values(tab: Page, column: str) -> list[str]:
    cells = tab.locator(f"tr.category:visible td.{column}").all_inner_texts()
    return [cell.strip() for cell in cells]


def heading(tab: Page, title: str) -> Locator:
    return tab.locator("table.categories thead").get_by_role("button", name=title, exact=True)


def test_it_opens_with_every_category_closed_the_worst_first(tab: Page, contents: Contents) -> None:
    assert names(tab) == [category_name(row.category) for row in contents.report.rows]
    expect(tab.locator("tr.details:visible")).to_have_count(0)
    expect(tab.locator("output")).to_have_text("6개 중 6개")


@pytest.mark.parametrize(
    ("title", "column", "ascending"),
    [
        ("상태", "status", ["심각", "심각", "주의", "개선", "안정", "안정"]),
        (
            "문의",
            "tickets",
            ["60 → 0", "0 → 30", "20 → 40", "100 → 121", "20 → 1,998", "20 → 1,999"],
        ),
        ("증감", "growth", ["−100.0%", "+21.0%", "+100.0%", "+9,890.0%", "+9,895.0%", "신규"]),
        ("부정 비율", "share", ["49.6%", "50.0%", "50.0%", "50.0%", "50.0%", "–"]),
        ("변화(%p)", "points", ["+24.6", "+25.0", "+25.0", "+25.0", "–", "–"]),
        ("근거", "evidence", ["◆ 뚜렷", "◆ 뚜렷", "◇ 약함", "◇ 약함", "", ""]),
    ],
)
def test_each_column_sorts_in_both_directions(
    tab: Page, title: str, column: str, ascending: list[str]
) -> None:
    """What has no value is last in both."""
    last = [value for value in ascending if value in ("–", "")]
    expected = {
        "ascending": ascending,
        "descending": [value for value in reversed(ascending) if value not in ("–", "")] + last,
    }
    button = heading(tab, title)
    header = tab.locator(f"th.{column}")
    for _ in range(2):
        button.click()
        direction = header.get_attribute("aria-sort") or ""
        assert values(tab, column) == expected[direction]
        expected.pop(direction)
    assert expected == {}
    assert tab.locator("[aria-sort]:not([aria-sort=none])").count() == 1


def test_names_sort_as_people_sort_them(tab: Page) -> None:
    before = names(tab)
    heading(tab, "카테고리").press("Enter")
    assert names(tab) == tab.evaluate("(names) => names.sort((a, b) => a.localeCompare(b))", before)
    heading(tab, "카테고리").press("Enter")
    assert names(tab)[-1] == sorted(before, key=lambda name: name.startswith("기업"))[-1]


def test_a_status_can_be_left_out(tab: Page) -> None:
    tab.get_by_role("checkbox", name="안정").uncheck()
    tab.get_by_role("checkbox", name="심각").uncheck()
    assert values(tab, "status") == ["주의", "개선"]
    expect(tab.locator("output")).to_have_text("6개 중 2개")


def test_clear_ones_can_be_seen_alone(tab: Page) -> None:
    tab.get_by_label("◆ 뚜렷한 변화만").check()
    assert values(tab, "evidence") == ["◆ 뚜렷", "◆ 뚜렷"]
    expect(tab.locator("output")).to_have_text("6개 중 2개")
    tab.get_by_label("◆ 뚜렷한 변화만").uncheck()
    expect(tab.locator("output")).to_have_text("6개 중 6개")


def test_the_mark_leads_to_what_it_means(tab: Page) -> None:
    tab.locator("tr.category .name button").first.click()
    tab.locator("tr.details:visible").get_by_role("link", name="어떻게 판단하나").click()
    assert tab.url.endswith("#evidence")
    expect(tab.get_by_role("heading", name="◆와 ◇는 무엇을 뜻하나")).to_be_visible()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("환불", ["기업 / 결제 / 환불"]),
        ("사파리", ["유저 / 이력서 / 업로드 오류"]),  # a keyword
        ("따옴표", ["유저 / 이력서 / 업로드 오류"]),  # a ticket
        ("ONERROR", [category_name(HOSTILE)]),
        ("  기업 ", ["기업 / 결제 / 환불"]),
    ],
)
def test_words_are_found_in_names_keywords_and_tickets(
    tab: Page, words: str, found: list[str]
) -> None:
    tab.get_by_role("searchbox").fill(words)
    assert names(tab) == found


def test_nothing_found_is_said(tab: Page) -> None:
    search = tab.get_by_role("searchbox")
    search.fill("없는 말")
    expect(tab.get_by_text("조건에 맞는 카테고리가 없습니다.")).to_be_visible()
    search.press("Enter")  # sends no form
    search.fill("")
    assert len(names(tab)) == 6


def test_a_category_opens_and_closes_by_mouse(tab: Page) -> None:
    row = tab.locator("tr.category").first
    button = row.get_by_role("button")
    row.locator("td.tickets").click()
    expect(button).to_have_attribute("aria-expanded", "true")
    details = tab.locator("tr.details").first
    for part in ("최근 26주", "요약", "원인 가설", "후속 조치", "대표 예시"):
        expect(details.get_by_text(part, exact=True)).to_be_visible()
    button.click()
    expect(details).to_be_hidden()


def test_all_of_it_can_be_used_by_keyboard(tab: Page) -> None:
    details = tab.locator("tr.details").first
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    for _ in range(4 + 1 + 1 + 2 + 7):  # statuses, clear ones, search, CSV and print, columns
        tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    button = tab.locator("tr.category .name button").first
    expect(button).to_be_focused()
    tab.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # the trend as a table
    expect(details.get_by_role("rowheader", name="2025-W46")).to_be_visible()
    for _ in range(2 + 1):  # the counts of both weeks, how evidence is judged
        tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # the tickets that are counted for a hypothesis
    expect(details.locator(".counted").get_by_text("사파리 로그인")).to_be_visible()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # the samples
    expect(details.get_by_text("9001번 제목")).to_be_visible()


def test_the_headline_leads_to_the_worst_category_whatever_is_filtered(tab: Page) -> None:
    tab.get_by_role("checkbox", name="심각").uncheck()
    tab.locator(".worst a").click()
    expect(tab.locator("tr.details").first).to_be_visible()
    expect(tab.locator("#category-1 .name button")).to_be_focused()


def test_a_hostile_ticket_is_text(tab: Page) -> None:
    for button in tab.locator("tr.category .name button").all():
        button.click()
    for summary in tab.locator("details > summary").all():
        summary.click()
    expect(tab.get_by_text('<b onclick="alert(3)">굵은</b> 글씨 & "따옴표"').first).to_be_visible()
    expect(tab.get_by_text("<script>alert(5)</script> 급증")).to_be_visible()
    assert tab.locator("img, b, i, u, svg[onload]").count() == 0
    assert tab.locator("script").count() == 1


def test_a_tile_shows_its_status_alone_and_back_shows_all_again(tab: Page) -> None:
    before = names(tab)
    tab.locator(".tiles").get_by_role("link", name="주의").click()
    assert values(tab, "status") == ["주의"]
    assert not tab.get_by_role("checkbox", name="심각").is_checked()
    tab.go_back()
    assert names(tab) == before
    expect(tab.locator("output")).to_have_text("6개 중 6개")


def test_the_address_holds_filters_sort_and_search_for_somebody_else(
    tab: Page, browser: Browser
) -> None:
    tab.get_by_role("checkbox", name="안정").uncheck()
    tab.get_by_label("◆ 뚜렷한 변화만").check()
    heading(tab, "문의").click()
    tab.get_by_role("searchbox").fill("환불 & 결제=1")
    other = browser.new_page()
    other.goto(tab.url)
    assert other.get_by_role("searchbox").input_value() == "환불 & 결제=1"
    assert names(other) == []
    other.get_by_role("searchbox").fill("")
    assert values(other, "tickets") == ["100 → 121", "20 → 40"]
    expect(other.locator("th.tickets")).to_have_attribute("aria-sort", "descending")
    assert not other.get_by_role("checkbox", name="안정").is_checked()
    other.close()


def test_back_undoes_a_choice_at_a_time_and_a_search_at_once(tab: Page) -> None:
    start = tab.url
    heading(tab, "문의").click()
    tab.get_by_role("checkbox", name="심각").uncheck()
    tab.get_by_role("searchbox").press_sequentially("기업")
    assert names(tab) == ["기업 / 결제 / 환불"]
    tab.go_back()
    assert len(names(tab)) == 4
    expect(tab.get_by_role("searchbox")).to_have_value("")
    tab.go_back()
    assert values(tab, "tickets")[0] == "20 → 1,999"
    assert tab.get_by_role("checkbox", name="심각").is_checked()
    tab.go_back()
    assert values(tab, "status")[0] == "심각"
    assert tab.url == start
    tab.go_forward()
    assert values(tab, "tickets")[0] == "20 → 1,999"


def test_nobodys_address_breaks_the_page(browser: Browser, file: Path) -> None:
    tab = browser.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    for fragment in ("sort=<b>&status=x", "sort=weeks up", "category-99", "%E0%A4%A=1", "status"):
        tab.goto("about:blank")
        tab.goto(f"{file.as_uri()}#{fragment}")
        expect(tab.locator("output")).to_have_text(re.compile("6개 중 [06]개"))
    assert errors == []
    tab.close()


def test_what_is_shown_is_downloaded_as_a_table_without_formulas(
    browser: Browser, contents: Contents, masker: Masker, tmp_path: Path
) -> None:
    evil = [
        build_change("CRITICAL", (f"{sign}1+cmd", 'a "b"', "c,d"), 20, 1040, p_increase=0.1)
        for sign in "=+-@＝"
    ]
    report = build_report(*evil, build_change("STABLE"), build_change("MONITOR", base=0))
    contents = replace(contents, report=report, history=build_history(report))
    file = tmp_path / "2025-W46.html"
    file.write_text(report_page(contents, Texts(), masker.contains_pii), encoding="utf-8")
    tab = browser.new_page()
    tab.goto(file.as_uri())
    tab.get_by_role("checkbox", name="안정").uncheck()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "voc-2025-W46.csv"
    data = download.value.path().read_bytes()
    tab.close()
    assert data.startswith(b"\xef\xbb\xbf")  # Excel opens Hangul
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert head[:2] + head[4:] == [
        *(
            "상태",
            "카테고리",
            "전주(W45) 문의",
            "W46 문의",
            "증감 (%)",
            "부정 비율 (%)",
            "변화(%p)",
        ),
    ]
    assert sorted(row[1] for row in rows[:5]) == [
        f'\'{sign}1+cmd / a "b" / c,d' for sign in "+-=@＝"
    ]
    assert rows[0][2:] == [
        "건수 증가 20 → 1,040건 (+5,100.0%)",
        "",
        "20",
        "1040",
        "5100",
        "50",
        "25",
    ]
    assert rows[5][4:] == ["0", "40", "신규", "50", ""]
    assert len(rows) == 6


def test_a_count_in_the_open_category_opens_its_tickets(tab: Page) -> None:
    tab.locator("tr.category .name button").first.click()
    details = tab.locator("tr.details").first
    expect(details.get_by_text("다른 문의")).to_be_hidden()
    details.get_by_role("link", name="40", exact=True).click()
    expect(details.get_by_text("다른 문의")).to_be_visible()
    expect(details.get_by_text("사파리 로그인")).to_be_hidden()


def test_a_level_opens_down_to_its_categories(tab: Page) -> None:
    levels = tab.get_by_role("region", name="단계별로 열어 보기")
    levels.locator("summary").filter(has_text="기업").click()
    levels.locator("summary").filter(has_text="결제").click()
    levels.get_by_role("link", name="환불").click()
    expect(tab.locator("#category-3 tr.details")).to_be_visible()


def test_a_bar_says_under_the_mouse_what_its_table_says(tab: Page) -> None:
    tab.locator("tr.category .name button").first.click()
    for bars in (tab.locator(".headline .bars"), tab.locator("tr.details .bars").first):
        assert bars.locator("title").count() == 26
    last = tab.locator("tr.details .bars").first.locator("title").last
    assert last.text_content() == "2025-W46 · 문의 100 · 부정 문의 25 · 부정 비율 25.0%"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_flagged_row_shows_its_reason_closed(browser: Browser, file: Path, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(file.as_uri())
    why = tab.locator("tr.why td[colspan]:visible")
    assert why.all_inner_texts()[1:3] == [
        "건수 증가 0 → 30건 (신규)",
        "건수 증가 100 → 121건 (+21.0%)",
    ]
    expect(why).to_have_count(4)
    why.first.click()
    expect(tab.locator("tr.details").first).to_be_visible()
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_readers(browser: Browser, file: Path, scheme: str) -> None:
    tab = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    tab.goto(file.as_uri())
    shown = tab.evaluate(
        "['--page', '--text', '--surface'].map("
        "(name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    )
    assert shown == [THEMES[scheme][name] for name in ("page", "text", "surface")]
    assert contrast(shown[0], shown[1]) > 7
    assert tab.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    ) == "rgb({}, {}, {})".format(*bytes.fromhex(shown[0][1:]))
    tab.close()


def sheets(tab: Page, paper: str = "A4") -> int:
    return len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper)))


def test_on_paper_are_the_flagged_ones_and_nothing_is_to_be_pressed(tab: Page) -> None:
    tab.get_by_role("checkbox", name="주의").uncheck()
    tab.emulate_media(media="print", color_scheme="dark")
    assert values(tab, "status") == ["심각", "심각", "개선"]
    assert tab.locator("tr.why td:visible").all_inner_texts()[1] == "건수 증가 20 → 40건 (+100.0%)"
    expect(tab.get_by_text("<script>alert(5)</script> 급증")).to_be_visible()  # the summary
    expect(tab.get_by_text("9001번 제목")).to_be_hidden()
    expect(tab.get_by_text("안정이 아닌 4개 가운데 급한 4개만")).to_be_visible()
    for what in ("form.filter", ".tools", "thead .weeks"):
        expect(tab.locator(what).first).to_be_hidden()
    shown = tab.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--text')")
    assert shown.strip() == THEMES["light"]["text"]
    assert sheets(tab) <= 2


def test_on_paper_everything_is_open_where_all_was_asked_for(tab: Page) -> None:
    tab.get_by_role("checkbox", name="안정").uncheck()
    tab.get_by_label("인쇄할 때 모두 펼치기").check()
    tab.emulate_media(media="print")
    expect(tab.locator("tr.details:visible")).to_have_count(4)
    expect(tab.get_by_text("9001번 제목")).to_be_visible()
    expect(tab.locator("li").get_by_text("사파리 로그인")).to_be_visible()
    expect(tab.get_by_text("안정이 아닌 4개")).to_be_hidden()


@pytest.mark.parametrize("change", [LONG, build_change()], ids=["long names", "short names"])
def test_hundreds_of_flagged_categories_take_at_most_four_sheets(
    browser: Browser, contents: Contents, masker: Masker, tmp_path: Path, change: Change
) -> None:
    report = build_report(*(replace(change, category3=f"{change.category3}{n}") for n in range(90)))
    summary = "요약이 아주 길게 이어집니다. " * 40
    analyses = {
        r.category: build_analysis(category=r.category, summary=summary) for r in report.rows
    }
    contents = replace(contents, report=report, history=build_history(report, 2), analyses=analyses)
    file = tmp_path / "many.html"
    file.write_text(report_page(contents, Texts(), masker.contains_pii), encoding="utf-8")
    tab = browser.new_page()
    tab.goto(file.as_uri())
    assert 2 <= sheets(tab, "A4") <= sheets(tab, "Letter") <= 4
    tab.close()


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_it_fits_the_width_of_a_telephone(browser: Browser, file: Path, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(file.as_uri())
    for button in tab.locator("tr.category .name button").all():
        button.click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_without_scripts_everything_stands_there_open(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(file.as_uri())
    expect(tab.locator("tr.details:visible")).to_have_count(6)
    expect(tab.locator("form.filter")).to_be_hidden()
    context.close()


def test_the_list_leads_to_the_page_and_back(
    browser: Browser, contents: Contents, masker: Masker, tmp_path: Path
) -> None:
    weeks = [PastWeek(COMPARISON, contents.report.status_counts, doubts=(build_doubt(),))]  # type: ignore[arg-type]
    places = Places({"2025-W46": "2025-W46.html"}, "index.html", "product.html")
    for name, render in (("index", index_page), ("product", product_page)):
        html = render(weeks, {}, places, Texts("en"), masker.contains_pii)
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    (tmp_path / "2025-W46.html").write_text(
        report_page(contents, Texts("en"), masker.contains_pii), encoding="utf-8"
    )
    tab = browser.new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    tab.get_by_role("link", name="2025-W46").click()
    expect(tab.get_by_role("heading", name="2 critical, 1 to watch")).to_be_visible()
    tab.get_by_role("link", name="All weeks").click()
    expect(tab.get_by_role("heading", name="All weeks")).to_be_visible()
    tab.set_viewport_size({"width": 320, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.get_by_role("link", name="How the report itself does").click()
    tab.get_by_role("region", name="Week by week").locator("summary").click()
    expect(tab.get_by_text(doubt_text(build_doubt(), Texts("en")))).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.get_by_role("link", name="2025-W46").click()
    expect(tab.get_by_role("heading", name="2 critical, 1 to watch")).to_be_visible()
    tab.close()

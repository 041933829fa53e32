"""Weeks, statuses and messages for any dates, counts and names: the SQL against plain Python, Slack against limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalogue.ending import Failed
from flows.report.as_of import as_of_week
from flows.report.values import STATUSES, Change, Correction, Receipt, Week
from flows.runtime.settings import load_settings
from flows.slack.notes import failure_note, late_data_note
from flows.warehouse import dbt
from flows.warehouse.dbt import Build
from tests.builders import KOREAN, WEEKS, build_change, build_composer, build_report
from tests.fakes.slack import FakeSlack
from tests.parts import build_of, open_source
from tests.slack.test_messages import assert_within_limits, names, post, texts
from tests.warehouse.test_dbt import Lab, tickets

pytestmark = pytest.mark.slow

BASE, COMPARISON, AS_OF = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)
WEEK = timedelta(weeks=1)

quickly = partial(
    settings, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The models, built once by dbt on a few tickets."""
    folder = tmp_path_factory.mktemp("properties")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VOC_HOME", str(folder / "home"))
        lab = Lab(folder, [t for week in (BASE - WEEK, BASE) for t in tickets(week, 10)])
        lab.run(AS_OF)
        return lab


# --- Weeks ------------------------------------------------------------------------------------

# Without and with daylight saving, by half an hour, changed at midnight, and a day that never was.
ZONES = (
    "Asia/Seoul",
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
WEEKS_OF_MOMENTS = """
select
    t,
    as_of,
    {{ monday_of(local_date('t')) }} as week_start,
    {{ week_label(monday_of(local_date('t'))) }} as week_label,
    {{ newest_complete_week('as_of') }} as report_week,
    {{ week_starts_between('as_of', 'as_of + 30') }} as every_seventh_day
from moments
"""
MOMENTS_OF_A_WEEK = (
    "select count(*) from moments where {{ created_in_weeks([('$first', '$last')]) }}"
)
days = st.dates(date(2010, 1, 4), date(2036, 12, 28))
new_year = st.builds(
    lambda year, day: date(year, 1, 4) + timedelta(days=day),
    st.integers(2010, 2036),
    st.integers(-7, 7),
)


def local_midnights(zone: str) -> st.SearchStrategy[datetime]:
    """Mondays 00:00 in the zone, and the moments around them."""
    return st.builds(
        lambda day, offset: (
            datetime.combine(
                day - timedelta(days=day.weekday()), time(), ZoneInfo(zone)
            ).astimezone(UTC)
            + offset
        ),
        days | new_year,
        st.sampled_from([timedelta(microseconds=n) for n in (-1, 0, 1)] + [timedelta(hours=-1)]),
    )


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, list[tuple[datetime, date]]]:
    zone = draw(st.sampled_from(ZONES))
    at = st.datetimes(datetime(2010, 1, 4), datetime(2036, 12, 28), timezones=st.just(UTC))
    pairs = st.tuples(at | local_midnights(zone), days | new_year)
    return zone, draw(st.lists(pairs, min_size=30, max_size=100))


def _compiled(build: Build, sql: str) -> str:
    """What dbt makes of a query."""
    dbt._invoke(build, ["compile", "--inline", sql])
    (compiled,) = build.workspace.target_path.glob("compiled/**/inline_query")
    return compiled.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def week_queries(lab: Lab) -> tuple[str, str]:
    """The macros as dbt renders them for Seoul; another zone would be another word in them."""
    build = build_of(lab.settings, lab.workspace, AS_OF)
    compiled = [
        _compiled(build, sql)
        for sql in (WEEKS_OF_MOMENTS, MOMENTS_OF_A_WEEK.replace("event_create_time", "t"))
    ]
    assert all("'Asia/Seoul'" in sql for sql in compiled)
    return compiled[0], compiled[1]


@pytest.fixture(scope="module")
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@quickly(max_examples=60)
@given(drawn=moments())
def test_weeks_are_the_iso_calendars_in_any_zone(
    week_queries: tuple[str, str],
    scratch: duckdb.DuckDBPyConnection,
    drawn: tuple[str, list[tuple[datetime, date]]],
) -> None:
    zone, pairs = drawn
    weeks_of_moments, moments_of_a_week = (sql.replace("Asia/Seoul", zone) for sql in week_queries)
    scratch.execute(
        "create or replace table moments as "
        "select unnest($t) as t, unnest($as_of) as as_of, t as event_create_time",
        {"t": [t for t, _ in pairs], "as_of": [as_of for _, as_of in pairs]},
    )
    rows = scratch.execute(weeks_of_moments).fetchall()
    assert len(rows) == len(pairs)
    by_week: dict[date, int] = {}
    for t, as_of, week_start, label, report_week, every_seventh_day in rows:
        local = t.astimezone(ZoneInfo(zone)).date()
        iso = local.isocalendar()
        assert week_start == date.fromisocalendar(iso.year, iso.week, 1)
        assert label == f"{iso.year}-W{iso.week:02}"
        # The newest week whose Sunday is before the as-of date.
        assert report_week.weekday() == 0
        assert report_week + timedelta(days=6) < as_of <= report_week + timedelta(days=13)
        assert every_seventh_day == [as_of + n * WEEK for n in range(5)]
        by_week[week_start] = by_week.get(week_start, 0) + 1
    # The filter on the source lets in exactly the moments whose week it asks for.
    for week in list(by_week)[:5]:
        (found,) = scratch.execute(moments_of_a_week, {"first": week, "last": week}).fetchone() or (
            -1,
        )
        assert found == by_week[week]


@quickly(max_examples=40)
@given(as_of=days | new_year)
def test_a_files_weeks_and_a_weeks_name_agree_with_the_calendar(
    tmp_path_factory: pytest.TempPathFactory, as_of: date
) -> None:
    path = tmp_path_factory.getbasetemp() / "long_ago.csv"
    if not path.exists():
        path.write_text(
            "id,event_create_time,category1,overall_emotion\n1,2009-01-01T00:00:00Z,a,b\n"
        )
    pair = open_source(load_settings(), path, as_of).weeks
    sunday = as_of - timedelta(days=as_of.isoweekday())
    if as_of.weekday() == 6:
        sunday = as_of - WEEK
    for week, end in ((pair.comparison, sunday), (pair.base, sunday - WEEK)):
        iso = end.isocalendar()
        assert (week.start, week.end) == (end - timedelta(days=6), end)
        assert week.label == f"{iso.year}-W{iso.week:02}"
        assert as_of_week(week.label) == end + timedelta(days=1)


# --- Statuses ---------------------------------------------------------------------------------


class Pair(NamedTuple):
    """Tickets of one category in two weeks."""

    base: int
    base_negative: int
    comparison: int
    comparison_negative: int


class Rule(NamedTuple):
    """A row of the thresholds; a level None is a wildcard, a number None a rule that is not used."""

    status: str
    levels: tuple[str | None, str | None, str | None]
    floor: int
    increase: int | None
    points: int | None
    decrease: int | None


ANY = (None, None, None)
RULES = (
    Rule("CRITICAL", ANY, 20, 30, 20, None),
    Rule("MONITOR", ANY, 10, 20, 10, None),
    Rule("IMPROVED", ANY, 10, None, None, 20),
)


def judged(pair: Pair, rules: tuple[Rule, ...] = RULES) -> tuple[str, str | None]:
    """Status and reason, from the rules as they are told, in exact fractions."""
    b, c = pair.base, pair.comparison
    growth = Fraction(100 * (c - b), b) if b else None
    points = None
    if b and c:
        points = 100 * (Fraction(pair.comparison_negative, c) - Fraction(pair.base_negative, b))
    for rule in rules:
        is_new = growth is None
        met = {
            "volume_increase": rule.increase is not None
            and c > 0
            and (is_new or (growth is not None and growth >= rule.increase)),
            "negative_ratio": rule.points is not None
            and points is not None
            and points >= rule.points,
            "volume_decrease": rule.decrease is not None
            and growth is not None
            and growth <= -rule.decrease,
        }
        if max(b, c) >= rule.floor and any(met.values()):
            return rule.status, "+".join(reason for reason, holds in met.items() if holds)
    return "STABLE", None


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Counts of any size, most of them where a rule just holds or just does not."""
    base = draw(st.sampled_from([0, 1, 9, 10, 19, 20]) | st.integers(0, 60) | st.integers(0, 10**6))
    factor = draw(st.sampled_from([0, 80, 100, 120, 130]))
    near = base * factor // 100 + draw(st.integers(-1, 1))
    comparison = max(0, draw(st.sampled_from([near, near, 10, 20]) | st.integers(0, 10**6)))
    base_negative = draw(st.integers(0, base))
    rise = draw(st.sampled_from([0, 10, 20]))
    share = Fraction(base_negative, base or 1) + Fraction(rise, 100)
    near = int(share * comparison) + draw(st.integers(-1, 1))
    negative = draw(st.sampled_from([near, near, near]) | st.integers(0, comparison))
    if not base and not comparison:
        comparison = 1  # without a ticket in either week there is no row
    return Pair(base, base_negative, comparison, max(0, min(negative, comparison)))


Category = tuple[str, str, str]
categories = st.tuples(*[st.sampled_from(["가", "나"])] * 3)
levels = st.tuples(*[st.sampled_from(["가", "나", None, None])] * 3)
# Numbers that nearly always hold and that never do, so that it shows which row was applied.
floors, percents = st.sampled_from([0, 10, 10**7]), st.sampled_from([None, 0, 20, 10**4])


def overrides() -> st.SearchStrategy[list[Rule]]:
    worse = st.builds(
        Rule,
        st.sampled_from(["CRITICAL", "MONITOR"]),
        levels,
        floors,
        percents,
        percents,
        st.none(),
    )
    better = st.builds(Rule, st.just("IMPROVED"), levels, floors, st.none(), st.none(), percents)
    return st.lists(
        (worse | better).filter(lambda rule: any(rule.levels)),
        max_size=12,
        unique_by=lambda rule: (rule.status, rule.levels),
    )


def rules_for(category: Category, overrides: list[Rule]) -> tuple[Rule, ...]:
    """For each status the most specific row: the one that names more levels, then the higher level."""
    return tuple(
        max(
            (
                rule
                for rule in (default, *overrides)
                if rule.status == default.status
                and all(
                    level in (None, own) for level, own in zip(rule.levels, category, strict=True)
                )
            ),
            key=lambda rule: (
                sum(level is not None for level in rule.levels),
                [level is not None for level in rule.levels],
            ),
        )
        for default in RULES
    )


@pytest.fixture(scope="module")
def models(lab: Lab) -> Iterator[duckdb.DuckDBPyConnection]:
    """The built database, and in it what is judged as views, so that it follows the counts."""

    def compiled(name: str) -> str:
        (path,) = (lab.workspace.target_path / "compiled").rglob(f"{name}.sql")
        return path.read_text(encoding="utf-8")

    names = (
        *("int_category_weeks_judged", "int_changes_at_every_level"),
        *("int_alerts_at_every_level", "fct_voc_weekly_drivers", "fct_voc_weekly_status"),
    )
    views = ("judged_now", "changes_now", "alerts_now", "drivers_now", "statuses_now")
    with duckdb.connect(str(lab.workspace.duckdb_path)) as connection:
        for number, view in enumerate(views):
            sql = compiled(names[number])
            for name, earlier in zip(names[:number], views, strict=False):
                sql = sql.replace(f'"{name}"', f'"{earlier}"')
            connection.execute(f"create view {view} as {sql}")
        yield connection
        for view in reversed(views):
            connection.execute(f"drop view {view}")


def statuses(
    models: duckdb.DuckDBPyConnection, counted: dict[Category, Pair], overrides: list[Rule]
) -> dict[Category, dict[str, Any]]:
    """What the models make of the counts, by category."""
    models.execute("begin")
    try:
        models.execute("delete from fct_voc_weekly_counts where week_start >= ?", [BASE])
        for week, total, negative in ((BASE, 0, 1), (COMPARISON, 2, 3)):
            there = {c: p for c, p in counted.items() if p[total]}
            models.execute(
                "insert into fct_voc_weekly_counts by name "
                "select $week as week_start, unnest($one) as category1, unnest($two) as category2, "
                "unnest($three) as category3, unnest($totals) as total_count, unnest($negatives) as negative_count",
                {
                    "week": week,
                    "one": [c[0] for c in there],
                    "two": [c[1] for c in there],
                    "three": [c[2] for c in there],
                    "totals": [p[total] for p in there.values()],
                    "negatives": [p[negative] for p in there.values()],
                },
            )
        for rule in overrides:
            models.execute(
                "insert into status_thresholds values (?, ?, ?, ?, ?, ?, ?, ?)",
                [rule.status, *rule.levels, *rule[2:]],
            )
        result = models.execute("from statuses_now where week_start = ?", [COMPARISON])
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    finally:
        models.execute("rollback")
    return {(row["category1"], row["category2"], row["category3"]): row for row in rows}


@quickly(max_examples=40)
@example(drawn=[Pair(100, 50, 100, 70), Pair(20, 0, 26, 0), Pair(10, 0, 8, 0), Pair(0, 0, 20, 0)])
@given(drawn=st.lists(pairs(), min_size=20, max_size=100))
def test_statuses_are_those_of_exact_fractions(
    models: duckdb.DuckDBPyConnection, drawn: list[Pair]
) -> None:
    counted = {(f"{n}", "b", "c"): pair for n, pair in enumerate(drawn)}
    found = statuses(models, counted, [])
    assert found.keys() == counted.keys()
    for category, pair in counted.items():
        row = found[category]
        assert (row["status"], row["status_reason"]) == judged(pair), pair
        b, c = pair.base, pair.comparison
        assert (row["base_total"], row["comparison_total"], row["is_new"]) == (b, c, b == 0)
        assert row["total_change_pct"] == (float(Fraction(100 * (c - b), b)) if b else None)
        points = None
        if b and c:
            points = float(
                100 * (Fraction(pair.comparison_negative, c) - Fraction(pair.base_negative, b))
            )
        assert row["negative_ratio_change_pp"] == points
        assert row["total_last_8_weeks"][-2:] == [b, c]


@quickly(max_examples=40)
@given(counted=st.dictionaries(categories, pairs(), min_size=5), drawn=overrides())
def test_of_overrides_the_most_specific_holds(
    models: duckdb.DuckDBPyConnection, counted: dict[Category, Pair], drawn: list[Rule]
) -> None:
    found = statuses(models, counted, drawn)
    assert {c: (row["status"], row["status_reason"]) for c, row in found.items()} == {
        category: judged(pair, rules_for(category, drawn)) for category, pair in counted.items()
    }


# --- Messages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


counts = st.integers(0, 50) | st.integers(0, 10**12)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Change, ...]:
    """Up to some hundred rows of any categories and counts."""
    each = st.tuples(names, names, names, st.sampled_from(STATUSES), counts, counts)
    drawn = draw(st.lists(each, min_size=1, max_size=15))
    times = draw(st.integers(1, 30))
    return tuple(
        build_change(
            status,
            (first, second, f"{third}{n}"),
            base=base,
            comparison=comparison,
            total_last_8_weeks=(comparison, base) * 4,
        )
        for n in range(times)
        for first, second, third, status, base, comparison in sorted(
            drawn, key=lambda row: STATUSES.index(row[3])
        )
    )


@quickly(max_examples=50)
@given(rows=rows())
def test_slack_takes_any_number_of_categories_with_any_counts(
    workspace: FakeSlack, rows: tuple[Change, ...]
) -> None:
    report = build_report(*rows)
    messages = build_composer(
        dashboard_url="https://bi.example/voc?a=1&b=2", version="1.2.3"
    ).summary(report)
    assert_within_limits(messages)
    post(workspace, messages)
    shown = "\n".join(text for message in messages for text in texts(message.blocks))
    told = re.findall(r"^(?:. )?`\s*[\d,]+ →\s+[\d,]+건 .*`  `[▁-█]{8}`", shown, re.M)
    assert len(told) == len(report.changes)


week = st.builds(lambda day: Week(day, day + timedelta(days=6), f"{day:%G-W%V}"), days)
corrections = st.builds(
    Correction,
    st.tuples(names, names, names),
    st.none() | st.sampled_from(STATUSES),
    st.none() | st.sampled_from(STATUSES),
    counts,
    counts,
)
receipts = st.builds(
    Receipt,
    st.none() | days,
    counts,
    st.none() | counts,
    counts,
    st.integers(0, 10**40),
    st.floats(0, 10**6),
    names,
)


@quickly(max_examples=100)
@given(
    week=week,
    corrections=st.lists(
        corrections, min_size=1, max_size=80, unique_by=lambda correction: correction.category
    ),
    receipt=receipts,
    reason=st.none() | names | st.text(max_size=5_000),
    last_day=st.none() | days,
)
def test_slack_takes_any_correction_receipt_and_note(
    workspace: FakeSlack,
    week: Week,
    corrections: list[Correction],
    receipt: Receipt,
    reason: str | None,
    last_day: date | None,
) -> None:
    messages = [
        build_composer().correction(week, corrections),
        build_composer().receipt(receipt, WEEKS),
        failure_note(KOREAN, Failed("source", reason or ""), "http://127.0.0.1:4200/runs/1"),
        late_data_note(KOREAN, week, last_day, None),
    ]
    assert_within_limits(messages)
    post(workspace, messages)

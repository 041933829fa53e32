"""The sample: reproducible, sorted, as messy as the real table, with the statuses that it plans."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.source.made_up.scenario import load_scenario
from flows.source.made_up.tickets import SampleSummary, write_sample

ROOT = Path(__file__).parents[1]
SUNDAY = date(2026, 11, 15)
WEDNESDAY = date(2026, 11, 18)
LAST_COMPLETE_WEEK = date(2026, 11, 9)

UPLOAD = ("유저", "이력서", "업로드 오류")
INVOICE = ("기업", "결제", "세금계산서")
DUPLICATES = ("유저", "알림", "알림톡 중복 발송")
ATTENDANCE = ("유저", "이벤트", "출석 이벤트")
APPLICATION = ("유저", "지원", "지원 현황")
POSTING = ("기업", "채용공고", "등록·심사")
SMS_CODE = ("유저", "로그인·인증", "인증번호 미수신")
VIDEO = ("커리어", "콘텐츠", "영상 재생 오류")

# Written from design/rules.md, not from the product: Seoul weeks, one row per id and week, exact
# whole-number thresholds. `week` is 0 for the last complete week.
STATUSES = """
with
tickets as (
    select
        *,
        date_trunc('week', event_create_time at time zone 'Asia/Seoul')::date as monday
    from read_parquet($file) as source
    qualify row_number() over (
        partition by monday, id order by event_create_time desc, md5(source::varchar)
    ) = 1
),
counts as (
    select
        datediff('week', $last_complete_week, monday) as week,
        coalesce(nullif(trim(category1), ''), '(미분류)') as category1,
        coalesce(nullif(trim(category2), ''), '(미분류)') as category2,
        coalesce(nullif(trim(category3), ''), '(미분류)') as category3,
        count(*) as total,
        count(*) filter (overall_emotion = '부정') as negative
    from tickets
    group by all
),
grid as (
    select weeks.week, leaves.* from (select distinct week from counts) as weeks
    cross join (select distinct category1, category2, category3 from counts) as leaves
),
pairs as (
    select
        week, category1, category2, category3,
        lag(coalesce(total, 0)) over leaf as base_total,
        lag(coalesce(negative, 0)) over leaf as base_negative,
        coalesce(total, 0) as total,
        coalesce(negative, 0) as negative,
        base_total > 0 and total > 0 as both_weeks,
        100 * (negative * base_total - base_negative * total) as cross_difference
    from grid
    left join counts using (week, category1, category2, category3)
    window leaf as (partition by category1, category2, category3 order by week)
)
select
    week,
    (category1, category2, category3) as leaf,
    base_total, total, base_negative, negative,
    case
        when greatest(base_total, total) >= 20 and (
            (total > 0 and 100 * total >= 130 * base_total)
            or (both_weeks and cross_difference >= 20 * base_total * total)
        ) then 'CRITICAL'
        when greatest(base_total, total) >= 10 and (
            (total > 0 and 100 * total >= 120 * base_total)
            or (both_weeks and cross_difference >= 10 * base_total * total)
        ) then 'MONITOR'
        when greatest(base_total, total) >= 10 and base_total > 0 and 100 * total <= 80 * base_total
            then 'IMPROVED'
        else 'STABLE'
    end as status
from pairs
where week <= 0 and base_total is not null and greatest(base_total, total) > 0
"""

Leaf = tuple[str, str, str]
Status = dict[str, Any]
Sampler = Callable[..., Path]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    """A function that writes a sample once per set of arguments and returns its path."""
    written: dict[tuple[object, ...], Path] = {}

    def write(
        *,
        weeks: int = 12,
        tickets_per_week: int = 1200,
        until: date = SUNDAY,
        seed: int = 1,
        suffix: str = ".parquet",
        has_chance: bool = False,
    ) -> Path:
        key = (weeks, tickets_per_week, until, seed, suffix, has_chance)
        if key not in written:
            out = tmp_path_factory.mktemp("sample") / f"tickets{suffix}"
            write_sample(
                out,
                weeks=weeks,
                tickets_per_week=tickets_per_week,
                until=until,
                seed=seed,
                has_chance=has_chance,
            )
            written[key] = out
        return written[key]

    return write


def query(sql: str, file: Path, **parameters: object) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(sql, {"file": str(file), **parameters}).fetchall()


def statuses(file: Path, last_complete_week: date) -> dict[tuple[int, Leaf], Status]:
    names = ("base_total", "total", "base_negative", "negative", "status")
    return {
        (week, leaf): dict(zip(names, values, strict=True))
        for week, leaf, *values in query(STATUSES, file, last_complete_week=last_complete_week)
    }


# ── The file ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_same_arguments_give_the_same_bytes_on_any_number_of_threads(
    tmp_path: Path, suffix: str
) -> None:
    """Large enough for several morsels and row groups, so that threads could disagree."""
    script = (
        "import sys; from datetime import date; from pathlib import Path; import flows.source.made_up.tickets as s;"
        "s.THREADS = int(sys.argv[2]);"
        "s.write_sample(Path(sys.argv[1]), weeks=3, tickets_per_week=45_000,"
        " until=date(2026, 11, 15), seed=7)"
    )
    digests = set()
    for threads in ("1", "3"):
        out = tmp_path / f"{threads}{suffix}"
        subprocess.run(
            [sys.executable, "-c", script, str(out), threads], cwd=ROOT, check=True, timeout=120
        )
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_another_seed_gives_other_bytes(sample: Sampler, suffix: str) -> None:
    one = sample(seed=1, suffix=suffix).read_bytes()
    assert one != sample(seed=2, suffix=suffix).read_bytes()


def test_parquet_has_the_columns_of_the_source_table(sample: Sampler) -> None:
    described = query(
        "select column_name, column_type from (describe from read_parquet($file))", sample()
    )
    assert dict(described) == {
        "id": "VARCHAR",
        "event_create_time": "TIMESTAMP WITH TIME ZONE",
        "title": "VARCHAR",
        "detail": "VARCHAR",
        "category1": "VARCHAR",
        "category2": "VARCHAR",
        "category3": "VARCHAR",
        "overall_emotion": "VARCHAR",
        "inbound_outbound": "VARCHAR",
        "main_topic": "VARCHAR",
        "keywords": "VARCHAR",
    }


def test_csv_holds_the_rows_of_the_parquet_file(sample: Sampler) -> None:
    """Same rows in the same order; times as ISO 8601 with a Z; NULL apart from an empty text."""
    csv = query(
        "from read_csv($file, all_varchar = true, allow_quoted_nulls = false)",
        sample(suffix=".csv"),
    )
    parquet = query(
        """
        select * replace (strftime(event_create_time, '%Y-%m-%dT%H:%M:%SZ') as event_create_time)
        from read_parquet($file)
        """,
        sample(),
    )
    assert csv == parquet


def test_rows_are_sorted_by_time_so_that_row_groups_cover_few_weeks(sample: Sampler) -> None:
    file = sample(weeks=5, tickets_per_week=40_000)
    unsorted = query(
        """
        select count(*) from (
            select event_create_time < lag(event_create_time) over (order by file_row_number)
                as is_back from read_parquet($file, file_row_number = true)
        ) where is_back
        """,
        file,
    )
    row_groups = query(
        """
        select row_group_num_rows, stats_max_value::timestamptz - stats_min_value::timestamptz
        from parquet_metadata($file) where path_in_schema = 'event_create_time'
        """,
        file,
    )
    assert unsorted == [(0,)]
    assert len(row_groups) >= 4
    assert all(rows <= 61_440 and span < timedelta(weeks=2) for rows, span in row_groups)


def test_summary_counts_the_rows_and_names_the_first_and_last_monday(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder" / "tickets.parquet"
    summary = write_sample(out, weeks=3, tickets_per_week=100, until=WEDNESDAY, seed=1)
    [(rows,)] = query("select count(*) from read_parquet($file)", out)
    assert summary == SampleSummary(rows, date(2026, 11, 2), date(2026, 11, 16))


@pytest.mark.parametrize("tickets_per_week", [1, 7, 46])
def test_a_tiny_sample_has_the_tickets_asked_for(tmp_path: Path, tickets_per_week: int) -> None:
    out = tmp_path / "tickets.csv"
    summary = write_sample(
        out, weeks=1, tickets_per_week=tickets_per_week, until=SUNDAY, seed=1, has_chance=False
    )
    assert tickets_per_week - 3 <= summary.rows <= tickets_per_week + 3
    assert summary.rows > 0


def test_progress_grows_to_the_number_of_rows(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    summary = write_sample(
        tmp_path / "tickets.csv",
        weeks=2,
        tickets_per_week=40_000,
        until=SUNDAY,
        seed=1,
        on_progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == sorted(calls)
    assert calls[-1] == (summary.rows, summary.rows)


def test_another_suffix_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"name the file \.parquet or \.csv") as refusal:
        write_sample(tmp_path / "a.xlsx", weeks=1, tickets_per_week=1, until=SUNDAY, seed=1)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("weeks", "tickets_per_week"), [(0, 10), (10, 0)])
def test_less_than_one_week_or_ticket_is_refused(
    tmp_path: Path, weeks: int, tickets_per_week: int
) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        write_sample(
            tmp_path / "a.csv",
            weeks=weeks,
            tickets_per_week=tickets_per_week,
            until=SUNDAY,
            seed=1,
        )


@pytest.mark.parametrize("tickets_per_week", [100, 40_000])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, tickets_per_week: int
) -> None:
    """Also when it strikes in the middle of writing, as Ctrl-C does."""

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "tickets.parquet"
    out.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_sample(
            out,
            weeks=4,
            tickets_per_week=tickets_per_week,
            until=SUNDAY,
            seed=1,
            on_progress=stop,
        )
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


# ── Weeks ────────────────────────────────────────────────────────────────────────────────────


def test_every_week_starts_and_ends_within_a_minute_of_monday_midnight_in_seoul(
    sample: Sampler,
) -> None:
    edges = query(
        """
        select
            min(seoul) - date_trunc('week', min(seoul)),
            date_trunc('week', max(seoul)) + interval 7 days - max(seoul)
        from (
            select event_create_time at time zone 'Asia/Seoul' as seoul from read_parquet($file)
        )
        group by date_trunc('week', seoul)
        """,
        sample(),
    )
    minute = timedelta(minutes=1)
    assert len(edges) == 12
    assert all(after < minute and before <= minute for after, before in edges)


def test_the_week_of_a_wednesday_is_partial_and_the_events_precede_it(sample: Sampler) -> None:
    file = sample(until=WEDNESDAY)
    [(last_day,)] = query(
        "select max(event_create_time at time zone 'Asia/Seoul')::date from read_parquet($file)",
        file,
    )
    assert last_day == WEDNESDAY
    assert statuses(file, LAST_COMPLETE_WEEK)[0, UPLOAD]["status"] == "CRITICAL"


# ── Planned statuses ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tickets_per_week", "seed", "until", "last_complete_week"),
    [
        (1200, 0, SUNDAY, LAST_COMPLETE_WEEK),
        (1200, 1, SUNDAY, LAST_COMPLETE_WEEK),
        (1200, 42, WEDNESDAY, LAST_COMPLETE_WEEK),
        (1200, -5, date(2025, 3, 2), date(2025, 2, 24)),
        (1000, 7, date(2024, 12, 28), date(2024, 12, 16)),
        (5000, 1, SUNDAY, LAST_COMPLETE_WEEK),
        (5000, 2026, WEDNESDAY, LAST_COMPLETE_WEEK),
    ],
)
def test_only_planned_events_leave_stable(
    sample: Sampler, tickets_per_week: int, seed: int, until: date, last_complete_week: date
) -> None:
    file = sample(tickets_per_week=tickets_per_week, until=until, seed=seed)
    eventful = {
        key: row["status"]
        for key, row in statuses(file, last_complete_week).items()
        if row["status"] != "STABLE"
    }
    assert eventful == {
        (0, UPLOAD): "CRITICAL",
        (0, INVOICE): "CRITICAL",
        (0, DUPLICATES): "MONITOR" if tickets_per_week < 1500 else "CRITICAL",
        (0, APPLICATION): "MONITOR",
        (0, ATTENDANCE): "IMPROVED",
        (0, POSTING): "IMPROVED",
        (-3, VIDEO): "CRITICAL",
        (-2, VIDEO): "IMPROVED",
        (-5, SMS_CODE): "CRITICAL",
        (-4, SMS_CODE): "IMPROVED",
    }


@pytest.mark.parametrize(("tickets_per_week", "seed"), [(1000, 1), (1200, 7), (3000, 7), (3000, 1)])
def test_chance_leaves_the_planned_events_as_they_are(
    sample: Sampler, tickets_per_week: int, seed: int
) -> None:
    written = [
        statuses(
            sample(tickets_per_week=tickets_per_week, seed=seed, has_chance=has_chance),
            LAST_COMPLETE_WEEK,
        )
        for has_chance in (False, True)
    ]
    for leaf in (UPLOAD, INVOICE, DUPLICATES, APPLICATION, ATTENDANCE, POSTING):
        planned, found = (rows[0, leaf] for rows in written)
        assert found == planned
    for event in ((-3, VIDEO), (-5, SMS_CODE)):
        assert written[1][event]["status"] == "CRITICAL"
    others = {
        leaf for week, leaf in written[1] if week == 0 and written[0][0, leaf]["status"] == "STABLE"
    }
    assert any(written[1][0, leaf]["status"] != "STABLE" for leaf in others)


def test_totals_are_poisson_and_negative_ones_binomial(sample: Sampler) -> None:
    """The sums of (x - mean)² / variance, over their degrees of freedom: 1 for the right distribution."""
    rows = statuses(sample(weeks=80, tickets_per_week=3000, has_chance=True), LAST_COMPLETE_WEEK)
    eventful = {UPLOAD, INVOICE, DUPLICATES, APPLICATION, ATTENDANCE, POSTING, VIDEO, SMS_CODE}
    by_leaf: dict[Leaf, list[Status]] = {}
    for (_, leaf), row in rows.items():
        if leaf not in eventful:
            by_leaf.setdefault(leaf, []).append(row)
    volume = negative = 0.0
    freedom = 0
    for weeks in by_leaf.values():
        mean = sum(row["total"] for row in weeks) / len(weeks)
        share = sum(row["negative"] for row in weeks) / (mean * len(weeks))
        volume += sum((row["total"] - mean) ** 2 / mean for row in weeks)
        negative += sum(
            (row["negative"] - row["total"] * share) ** 2 / (row["total"] * share * (1 - share))
            for row in weeks
            if row["total"] and share
        )
        freedom += len(weeks) - 1
    assert freedom > 2500
    assert 0.95 < volume / freedom < 1.2  # the season adds some
    assert 0.9 < negative / freedom < 1.15


def test_quiet_categories_stay_quiet_over_years(sample: Sampler) -> None:
    rows = statuses(sample(weeks=60), LAST_COMPLETE_WEEK)
    assert {week for (week, _), row in rows.items() if row["status"] != "STABLE"} == {
        0, -2, -3, -4, -5,
    }  # fmt: skip


def test_quiet_categories_are_not_dead_flat(sample: Sampler) -> None:
    rows = statuses(sample(), LAST_COMPLETE_WEEK)
    totals = {
        row["total"] for (_, leaf), row in rows.items() if leaf == ("유저", "면접", "면접 제안")
    }
    assert len(totals) >= 3


@pytest.mark.parametrize("tickets_per_week", [1200, 5000])
def test_each_event_is_of_its_kind(sample: Sampler, tickets_per_week: int) -> None:
    rows = statuses(sample(tickets_per_week=tickets_per_week), LAST_COMPLETE_WEEK)

    def growth(leaf: Leaf) -> float:
        return float(rows[0, leaf]["total"] / rows[0, leaf]["base_total"])

    def ratio_change(leaf: Leaf) -> float:
        row = rows[0, leaf]
        return float(row["negative"] / row["total"] - row["base_negative"] / row["base_total"])

    assert growth(UPLOAD) == pytest.approx(1.8, abs=0.06)
    assert abs(ratio_change(UPLOAD)) < 0.1
    assert growth(INVOICE) == pytest.approx(1, abs=0.06)
    assert ratio_change(INVOICE) > 0.25
    assert growth(APPLICATION) == pytest.approx(1.25, abs=0.04)
    assert abs(ratio_change(APPLICATION)) < 0.1
    assert growth(POSTING) == pytest.approx(0.68, abs=0.03)
    assert rows[0, ATTENDANCE]["base_total"] >= 10
    assert rows[0, ATTENDANCE]["total"] == 0
    assert rows[0, DUPLICATES]["total"] >= 10
    assert [key for key in rows if key[1] == DUPLICATES] == [(0, DUPLICATES)]


def test_the_cause_of_the_surge_is_in_its_keywords(sample: Sampler) -> None:
    shares = dict(
        query(
            """
            select
                event_create_time >= '2026-11-08 15:00Z' as is_last_week,
                avg((keywords like '%500 오류%')::int)
            from read_parquet($file)
            where category3 = '업로드 오류' and keywords is not null
            group by all
            """,
            sample(),
        )
    )
    assert shares[False] == 0
    assert shares[True] > 0.4


# ── Mess ─────────────────────────────────────────────────────────────────────────────────────


def test_about_one_row_in_200_repeats_an_id(sample: Sampler) -> None:
    """As the very same row, as an earlier version, and now and then a week later."""
    [(share, exact, versions, carried_over)] = query(
        """
        with ids as (
            select
                id,
                count(*) as row_count,
                count(distinct tickets) as versions,
                count(distinct date_trunc('week', event_create_time at time zone 'Asia/Seoul'))
                    as weeks
            from read_parquet($file) as tickets
            group by id
        )
        select
            sum(row_count - 1) / sum(row_count),
            count(*) filter (row_count > versions),
            count(*) filter (versions > 1 and weeks = 1),
            count(*) filter (weeks > 1)
        from ids
        """,
        sample(),
    )
    assert share == pytest.approx(0.005, abs=0.001)
    assert exact > 10
    assert versions > 10
    assert 0 < carried_over < 10


@pytest.mark.parametrize("column", ["category1", "category2", "category3", "overall_emotion"])
def test_some_values_are_null_and_some_blank(sample: Sampler, column: str) -> None:
    found = {
        value
        for (value,) in query(
            f"select distinct {column} from read_parquet($file)"
            f" where {column} is null or trim({column}) = ''",
            sample(),
        )
    }
    assert {None, ""} <= found


def test_emotions_keywords_and_directions_vary(sample: Sampler) -> None:
    [(emotions, directions, without_keywords)] = query(
        """
        select
            list(distinct overall_emotion),
            list(distinct inbound_outbound),
            count(*) filter (keywords is null)
        from read_parquet($file)
        """,
        sample(),
    )
    assert {"긍정", "중립", "부정", "불만", "기타"} <= set(emotions)
    assert set(directions) == {"inbound", "outbound"}
    assert without_keywords > 0


def test_about_one_ticket_in_twenty_holds_personal_data(sample: Sampler) -> None:
    patterns = {
        "mobile": r"010[-. ]?1234[-. ]?\d{4}",
        "international": r"\+82 10-",
        "e-mail": r"@example\.com",
        "resident number": r"900101-1234567",
        "account": r"110-123-45\d{4}",
        "card": r"1234-5678-9012-\d{4}",
        "birth date": r"생년월일",
        "salary": r"연봉",
        "address": r"192\.0\.2\.77",
        "token": r"token=",
    }
    for name, pattern in patterns.items():
        [(count,)] = query(
            "select count(*) from read_parquet($file) where regexp_matches(detail, $pattern)",
            sample(),
            pattern=pattern,
        )
        assert count > 5, name
    phrases = [phrase.split("{")[0].strip() for phrase in load_scenario().phrases["personal"]]
    [(share,)] = query(
        """
        select avg(list_any_match)
        from (
            select list_bool_or([contains(detail, p) for p in $phrases])::int as list_any_match
            from read_parquet($file)
        )
        """,
        sample(),
        phrases=phrases,
    )
    assert share == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("text", ["&", "<b>", "<!channel>", '"', "\n", "😭", "Please advise"])
def test_some_texts_are_hard_to_render(sample: Sampler, text: str) -> None:
    [(count,)] = query(
        "select count(*) from read_parquet($file) where contains(detail, $text)",
        sample(),
        text=text,
    )
    assert count > 0


def test_texts_are_filled_in_varied_and_titles_the_shorter_ones(sample: Sampler) -> None:
    [(rows, details, title_length, detail_length, unfilled)] = query(
        """
        select
            count(*),
            count(distinct detail),
            avg(length(title)),
            avg(length(detail)),
            count(*) filter (contains(title || detail, '{'))
        from read_parquet($file)
        """,
        sample(),
    )
    assert details > 0.9 * rows
    assert title_length < 0.5 * detail_length
    assert unfilled == 0


# ── The catalogue ────────────────────────────────────────────────────────────────────────────


def test_the_catalogue_names_each_category_once_and_its_events_belong_to_one() -> None:
    catalogue = load_scenario()
    paths = [category.path for category in catalogue.categories]
    assert len(paths) == len(set(paths))
    assert {event.path for event in catalogue.events} <= set(paths)
    assert len({path[0] for path in paths if path[0]}) >= 5

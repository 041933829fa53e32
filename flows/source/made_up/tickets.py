"""A made-up source table: Korean support tickets, in which what happens in the last weeks is planned.

Everything random is a hash of the seed and a ticket's number, so the same arguments give the same
bytes on any number of threads. The work has two steps. `PLAN_TICKETS` decides, in a few bytes per
ticket, when each one is written and what it is about. A week's total per category is a Poisson count
and its 부정 tickets a binomial one, as in life, where most alarms are chance; a category with an event
has exact counts from the base week on. `COMPOSE_ROWS` then streams the texts
into the file in that order. It has lookups in lists instead of joins, because a join may reorder
rows, and only a file sorted by time lets a weekly run skip most of it.
"""

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb

from flows.source.made_up.scenario import FILLED_IN, Scenario, load_scenario

TIME_ZONE = "Asia/Seoul"
# Each thread holds row groups in memory, so more of them would need a higher limit.
THREADS = min(4, os.cpu_count() or 1)
MEMORY_LIMIT = "1GB"
PROGRESS_SECONDS = 0.2

# A row group is the smallest part that a reader can skip: at 40,000 tickets a week about a week and a half.
FORMATS = {
    ".parquet": "format parquet, compression zstd, row_group_size 61440",
    ".csv": "format csv, header true",
}
EVENT_CREATE_TIME = {
    ".parquet": "occurred_at",
    ".csv": "strftime(occurred_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')",
}

# Hundredths of a week's tickets, Monday to Sunday.
WEEKDAY_SHARES = (19, 18, 17, 17, 16, 6, 7)
# The emotions of a ticket that is not 부정, evenly drawn: mostly clean, as the real table is.
OTHER_EMOTIONS = (*["중립"] * 62, *["긍정"] * 33, None, None, "불만", "기타", "")
DIRECTIONS = (*["inbound"] * 92, *["outbound"] * 8)

MACROS = """
create temp macro drawn(ticket, salt) as hash(xor(ticket, hash(salt)));

create temp macro one_in(ticket, salt, n) as drawn(ticket, salt) % n = 0;

create temp macro picked(choices, ticket, salt) as
    choices[1 + (drawn(ticket, salt) % len(choices)::ubigint)::bigint];

-- 0 <= fraction < 1: the upper 53 bits, as many as a double holds.
create temp macro fraction(ticket, salt) as
    (drawn(ticket, salt) >> 11)::double / (1::ubigint << 53)::double;
"""

# One row per ticket, copies included: when, which, what about, 부정 or not.
PLAN_TICKETS = """
create temp table ticket as
with

categories as (
    select unnest($categories, recursive := true)
),

events as (
    select unnest($events, recursive := true)
),

weekdays as (
    select unnest($weekdays, recursive := true)
),

mondays as (
    select
        (date_trunc('week', $until) - to_days(7 * unnest(range($weeks))::int))::date as monday,
        (date_trunc('week', $until + 1) - to_days(7))::date as last_complete_monday
),

-- `week` is 0 for the last complete one, negative before it, 1 for a partial one after it.
weeks_counted_from_last_complete as (
    select
        monday,
        datediff('week', last_complete_monday, monday) as week,
        epoch(timezone($time_zone, monday::timestamp))::bigint as week_starts_at
    from mondays
),

-- Whole-number division of the running total, so that the categories add up to the week.
categories_sized as (
    select
        *,
        $tickets_per_week * sum(weight) over running // sum(weight) over ()
        - $tickets_per_week * (sum(weight) over running - weight) // sum(weight) over ()
            as usual_total,
        hash(xor(hash($seed), hash(category))) as category_hash
    from categories
    window running as (order by category)
),

-- A category with an event keeps still from the base week on, so that the event alone decides its
-- status. A small one keeps still always: one ticket more would be a change of several percent.
seasons_drawn as (
    select
        *,
        case when has_event then least(week, -1) else week end as season_week,
        usual_total >= 20 as has_season,
        2 * pi() * (season_week / (9 + category % 9) + fraction(category_hash, 'phase')) as phase,
        2 * fraction(category_hash, season_week) - 1 as noise
    from weeks_counted_from_last_complete
    cross join categories_sized
),

totals_expected as (
    select
        seasons_drawn.*,
        usual_total * coalesce(events.volume, 1)
        * case when has_season then 1 + 0.04 * sin(phase) + 0.015 * noise else 1 end as expected_total,
        coalesce(events.negative, seasons_drawn.negative) / 100
        + case when has_season then 0.015 * cos(phase) else 0 end as negative_share,
        $is_noisy and not (has_event and week >= -1) as is_noisy,
        fraction(hash(xor(category_hash, hash(week))), 'total') as draw,
        events.first_case as event_first_case,
        events.case_count as event_case_count
    from seasons_drawn
    left join events
        on seasons_drawn.category = events.category
        and seasons_drawn.week between events.first_week and events.last_week
),

-- A Poisson count is the first number whose cumulative probability reaches the draw. Beyond 8 standard deviations
-- there is none.
outcomes as (
    select
        week,
        category,
        draw,
        first_number,
        sum(exp(k * ln(expected_total) - expected_total - lgamma(k + 1))) over (
            partition by week, category order by k
        ) as chance_so_far
    from (
        select
            *,
            greatest(floor(expected_total - 8 * sqrt(expected_total)), 0)::bigint as first_number,
            unnest(range(first_number, ceil(expected_total + 8 * sqrt(expected_total) + 20)::bigint)) as k
        from totals_expected
        where is_noisy and expected_total > 0
    )
),

counts_drawn as (
    select
        week,
        category,
        any_value(first_number) + count(*) filter (chance_so_far < draw) as drawn_total
    from outcomes
    group by week, category
),

totals_planned as (
    select
        totals_expected.*,
        coalesce(drawn_total, round(expected_total))::bigint as total,
        round(total * negative_share)::bigint as negative_total
    from totals_expected
    left join counts_drawn using (week, category)
),

places_reserved as (
    select
        *,
        sum(total) over (partition by week order by category) - total as first_place,
        sum(total) over (partition by week)::bigint as week_total,
        sum(total) over (order by week, category) - total - first_place as week_first_number
    from totals_planned
),

-- Stepping through the week by about the golden ratio visits every place once, and spreads the
-- neighbours (one category, and its 부정 tickets within it) evenly over the week.
steps_chosen as (
    select
        *,
        list_filter(
            range((0.618 * week_total)::bigint + 1, (0.618 * week_total)::bigint + 200),
            lambda step: gcd(step, week_total) = 1
        )[1] as step
    from places_reserved
),

tickets_numbered as (
    select
        *,
        ((first_place + occurrence) * step % week_total)::bigint as place,
        (week_first_number + place)::bigint as number,
        hash(xor(hash($seed), hash(number))) as ticket
    from (select *, unnest(range(total)) as occurrence from steps_chosen)
),

tickets_placed_in_week as (
    select
        *,
        100 * (place + fraction(ticket, 'moment')) / week_total as hundredth
    from tickets_numbered
),

-- Few tickets at night, most at noon. The first and the last ticket of a week are written in the
-- minute after and before Monday 00:00.
tickets_timed as (
    select
        *,
        (hundredth - first_hundredth) / hundredths as day_share,
        week_starts_at + case
            when place = 0 then drawn(ticket, 'edge') % 60
            when place = week_total - 1 then 7 * 86400 - 1 - drawn(ticket, 'edge') % 60
            else 86400 * (weekday + day_share + 0.85 * sin(2 * pi() * day_share) / (2 * pi()))
        end::bigint as occurred_at
    from tickets_placed_in_week
    inner join weekdays on least(floor(hundredth), 99)::int = weekdays.whole_hundredth
),

cases_drawn as (
    select
        *,
        case
            when one_in(ticket, 'english', 40) then english_case
            when event_case_count > 0 and not one_in(ticket, 'unrelated', 5)
                then event_first_case + drawn(ticket, 'case') % event_case_count
            else first_case + drawn(ticket, 'case') % case_count
        end::usmallint as case_number,
        case
            when is_noisy then fraction(ticket, 'negative') < negative_share
            else occurrence < negative_total
        end as is_negative
    from tickets_timed
),

-- The upstream insert repeats one ticket in 200. Of ten of these, five are the very same row again,
-- four have an earlier version from before the emotion was known, and one comes back a week later
-- (never where it could tip a status).
repetitions_listed as (
    select
        *,
        -300 - (ticket % 3000)::bigint as to_early_version,
        case
            when number % 200 <> 100 then [0]
            when number // 200 % 10 < 5 then [0, 0]
            when number // 200 % 10 < 9 and occurred_at + to_early_version >= week_starts_at
                then [0, to_early_version]
            when number // 200 % 10 = 9 and not has_event and not is_negative and has_season
                then [0, 7 * 86400]
            else [0]
        end as shifts
    from cases_drawn
),

tickets_repeated as (
    select
        * replace (occurred_at + shift as occurred_at),
        shift < 0 as is_early
    from (select *, unnest(shifts) as shift from repetitions_listed)
)

select
    occurred_at,
    number,
    category::utinyint as category,
    case_number,
    is_negative,
    is_early
from tickets_repeated
where occurred_at < epoch(timezone($time_zone, ($until + 1)::timestamp))
order by occurred_at, number, is_early
"""

# Columns and order of the source table. The texts are drawn first and filled in once, at the end.
COMPOSE_ROWS = """
with

tickets_hashed as (
    select
        *,
        hash(xor(hash($seed), hash(number))) as ticket
    from ticket
),

words_drawn as (
    select
        * replace (make_timestamptz(1000000 * occurred_at) as occurred_at),
        case
            when is_early then null
            when is_negative then '부정'
            else picked($other_emotions, ticket, 'emotion')
        end as overall_emotion,
        picked($company, ticket, 'company') as company,
        picked($position, ticket, 'position') as position,
        picked($browser, ticket, 'browser') as browser,
        picked($device, ticket, 'device') as device,
        picked($day, ticket, 'day') as day,
        picked($number, ticket, 'number') as number_word,
        picked($amount, ticket, 'amount') as amount,
        picked($file, ticket, 'file') as file,
        picked($version, ticket, 'version') as version,
        lpad((drawn(ticket, 'digits') % 10000)::varchar, 4, '0') as digits
    from tickets_hashed
),

texts_composed as (
    select
        *,
        case
            when $is_english[case_number] then ''
            else picked($title_prefix, ticket, 'title_prefix')
        end || $titles[case_number] as title,
        case
            when $is_english[case_number] then
                picked($english_opening, ticket, 'opening')
                || $details[case_number]
                || picked($english_closing, ticket, 'closing')
            else
                picked($opening, ticket, 'opening')
                || $details[case_number]
                || case
                    when $is_technical[category] then picked($technical_context, ticket, 'context')
                    else picked($context, ticket, 'context')
                end
                || case overall_emotion
                    when '부정' then picked($closing_negative, ticket, 'closing')
                    when '긍정' then picked($closing_positive, ticket, 'closing')
                    else picked($closing_neutral, ticket, 'closing')
                end
        end
        || case when one_in(ticket, 'is odd', 70) then picked($odd, ticket, 'odd') else '' end
        || case
            when one_in(ticket, 'is personal', 20) then picked($personal, ticket, 'personal')
            else ''
        end as detail
    from words_drawn
)

select
    (2100000 + 3 * number + (ticket % 3)::bigint)::varchar as id,
    {event_create_time} as event_create_time,
    format(title, {filled_in}) as title,
    format(detail, {filled_in}) as detail,
    coalesce($category1[category], picked($blanks, ticket, 'category1')) as category1,
    coalesce($category2[category], picked($blanks, ticket, 'category2')) as category2,
    coalesce($category3[category], picked($blanks, ticket, 'category3')) as category3,
    overall_emotion,
    picked($directions, ticket, 'direction') as inbound_outbound,
    $main_topics[case_number] as main_topic,
    case when not one_in(ticket, 'no keywords', 33) then $keywords[case_number] end as keywords
from texts_composed
"""


@dataclass(frozen=True)
class SampleSummary:
    """What was written: the number of rows, and the Mondays (Asia/Seoul) of the weeks it covers."""

    rows: int
    first_week: date
    last_week: date


def write_sample(
    out: Path,
    *,
    weeks: int,
    tickets_per_week: int,
    until: date,
    seed: int,
    has_chance: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> SampleSummary:
    """Write a made-up source table to `out`, sorted by time.

    Args:
        out: a `.parquet` or `.csv` file. It appears under this name only when it is complete.
        weeks: number of Monday-to-Sunday weeks in Asia/Seoul, at least 1.
        tickets_per_week: tickets of a usual week, at least 1. From 1,000 on, every planned event
            reaches its status.
        until: the last day the data covers, in Asia/Seoul. The planned events fall in the last
            week that is complete by then.
        seed: another seed gives other texts, times and seasons, but the same events.
        has_chance: whether counts are random. Without chance they are as expected, so that from
            1,000 tickets a week on every category without an event stays STABLE.
        on_progress: called in this thread with the rows written so far and the rows to write.

    Raises:
        ValueError: the file name or a number cannot be used; the message says what to do.
    """
    suffix = out.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"cannot write {out.name}: name the file .parquet or .csv.")
    if weeks < 1 or tickets_per_week < 1:
        raise ValueError("weeks and tickets per week must be at least 1: raise them.")

    scenario = load_scenario()
    out.parent.mkdir(parents=True, exist_ok=True)
    # The file grows beside its destination, so that the last step is a rename on one file system.
    with (
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch,
        _connect(Path(scratch)) as connection,
    ):
        connection.execute(
            PLAN_TICKETS,
            {
                **_plan_parameters(scenario),
                "weeks": weeks,
                "tickets_per_week": tickets_per_week,
                "until": until,
                "seed": seed,
                "time_zone": TIME_ZONE,
                "is_noisy": has_chance,
            },
        )
        summary = _summarise(connection, weeks, until)
        part = Path(scratch) / f"part{suffix}"
        _copy(
            connection,
            _copy_statement(part),
            {**_text_parameters(scenario), "seed": seed},
            rows=summary.rows,
            on_progress=on_progress or (lambda done, total: None),
        )
        part.replace(out)
    return summary


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(scratch / "spill"),
            "preserve_insertion_order": True,
        }
    )
    # query_progress() needs the bar's bookkeeping, but the bar itself is not needed.
    connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
    connection.execute(MACROS)
    return connection


def _copy_statement(part: Path) -> str:
    rows = COMPOSE_ROWS.format(
        event_create_time=EVENT_CREATE_TIME[part.suffix],
        filled_in=", ".join("number_word" if name == "number" else name for name in FILLED_IN),
    )
    path = str(part).replace("'", "''")
    return f"copy ({rows}) to '{path}' ({FORMATS[part.suffix]})"


def _copy(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    parameters: dict[str, Any],
    *,
    rows: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Run the copy in a second thread, so that this one can report how far the copy is, or be stopped."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        copying: Future[Any] = pool.submit(connection.execute, statement, parameters)
        # DuckDB answers -1 before it has a plan and after it is done.
        percent = 0.0
        try:
            while wait([copying], timeout=PROGRESS_SECONDS).not_done:
                percent = min(max(percent, connection.query_progress()), 100.0)
                on_progress(int(rows * percent / 100), rows)
        finally:
            if not copying.done():
                connection.interrupt()
        copying.result()
    on_progress(rows, rows)


def _summarise(connection: duckdb.DuckDBPyConnection, weeks: int, until: date) -> SampleSummary:
    row = connection.execute(
        """
        select
            (select count(*) from ticket),
            (date_trunc('week', $until) - to_days(7 * ($weeks - 1)))::date,
            date_trunc('week', $until)::date
        """,
        {"until": until, "weeks": weeks},
    ).fetchone()
    assert row is not None
    return SampleSummary(*row)


def _plan_parameters(scenario: Scenario) -> dict[str, Any]:
    """The scenario's numbers. Categories and cases are counted from 1, as SQL counts in lists."""
    categories, events = scenario.categories, scenario.events
    sizes = [len(owner.cases) for owner in scenario.owners_of_cases]
    first_cases = list(accumulate(sizes, initial=1))
    number_of = {category.path: number for number, category in enumerate(categories, start=1)}
    paths_with_event = {event.path for event in events}
    return {
        "categories": [
            {
                "category": number_of[category.path],
                "weight": category.weight,
                "negative": category.negative,
                "has_event": category.path in paths_with_event,
                "first_case": first_case,
                "case_count": len(category.cases) - 1,
                "english_case": first_case + len(category.cases) - 1,
            }
            for category, first_case in zip(categories, first_cases, strict=False)
        ],
        "events": [
            {
                "category": number_of[event.path],
                "first_week": event.first_week,
                "last_week": event.last_week,
                "volume": event.volume,
                "negative": event.negative,
                "first_case": first_case,
                "case_count": len(event.cases),
            }
            for event, first_case in zip(events, first_cases[len(categories) :], strict=False)
        ],
        "weekdays": [
            {
                "weekday": weekday,
                "whole_hundredth": sum(WEEKDAY_SHARES[:weekday]) + hundredth,
                "first_hundredth": sum(WEEKDAY_SHARES[:weekday]),
                "hundredths": share,
            }
            for weekday, share in enumerate(WEEKDAY_SHARES)
            for hundredth in range(share)
        ],
    }


def _text_parameters(scenario: Scenario) -> dict[str, Any]:
    """The scenario's texts as lists, in the order in which `_plan_parameters` counts them."""
    categories, cases = scenario.categories, scenario.cases
    return {
        **scenario.words,
        **scenario.phrases,
        "titles": [case.title for case in cases],
        "details": [case.detail for case in cases],
        "main_topics": [case.main_topic for case in cases],
        "keywords": [case.keywords for case in cases],
        "is_english": [case.is_english for case in cases],
        "is_technical": [category.technical for category in categories],
        "category1": [category.path[0] for category in categories],
        "category2": [category.path[1] for category in categories],
        "category3": [category.path[2] for category in categories],
        "blanks": [None, "", "  "],
        "other_emotions": OTHER_EMOTIONS,
        "directions": DIRECTIONS,
    }

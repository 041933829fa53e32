"""Reads the marts. With readiness.py the only SQL outside dbt_project/, apart from what makes a file the source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from catalogue import Texts
from flows.report.answers import ComparedCategory
from flows.report.doubts import doubt_text
from flows.report.owners import Owner, Owners
from flows.report.values import (
    COLUMNS_OF_CHANGE,
    STATUSES,
    Alarms,
    Backtest,
    Category,
    CategoryWeek,
    Change,
    Correction,
    Count,
    Doubt,
    Driver,
    History,
    Keyword,
    Override,
    PastWeek,
    RisingWord,
    Sample,
    Status,
    Threshold,
    Ticket,
    Usual,
    Week,
    WeeklyReport,
    WeekPair,
    levels_named,
    most_urgent_first,
    usual_range,
)
from flows.warehouse.connection import Warehouse, dates_in

log = logging.getLogger("voc")

MAX_TICKET_CHARACTERS = 4_000  # of a ticket's text; what comes later is not read

RECOUNTED_WEEKS = 2
"""late_ticket_lookback_weeks of dbt_project.yml: an earlier week is corrected when its tickets changed."""
CORRECTED_WEEKS = 26
"""Weeks before the newest that are still corrected in their thread."""

_LEVELS = ("category1", "category2", "category3")
_OF_ALARMS = tuple(field.name for field in fields(Alarms))
_OF_WEEK = "week_"  # before the columns of a week's alarms, which a category has too
_OF_DOUBTS = (
    *("code", "is_incomplete", "dates", "category1", "category2", "category3"),
    *("renamed_to", "observed", "usual"),
)
_DOUBTS_ORDERED = (
    "doubts.is_incomplete desc, doubts.code, doubts.category1, doubts.category2, doubts.category3"
)
_OF_DRIVERS = (
    *("level", "alert_level", "alert_status", "alert_reason", "explains_alert"),
    *("total_effect", "excess", "excess_share", "rate_effect", "mix_effect"),
)
_WEEK_PAIRS = """
    select
        comparison.week_start, comparison.week_end, comparison.week_label,
        base.week_start as base_start, base.week_end as base_end, base.week_label as base_label
    from dim_voc_weeks as comparison
    inner join dim_voc_weeks as base on base.week_start = comparison.base_week_start
"""


def read_week_pair(warehouse: Warehouse, as_of: date) -> WeekPair | None:
    """The newest week that was complete at `as_of` and its base week; None if it was never computed."""
    found = warehouse.rows(
        f"{_WEEK_PAIRS} where @as_of > comparison.week_end and @as_of <= comparison.week_end + 7",
        as_of=as_of,
    )
    return _week_pair(found[0]) if found else None


def read_latest_week_pair(warehouse: Warehouse) -> WeekPair | None:
    """The week pair of the latest run."""
    found = warehouse.rows(f"{_WEEK_PAIRS} where comparison.is_report_week")
    return _week_pair(found[0]) if found else None


def read_newest_week_pair(warehouse: Warehouse) -> WeekPair | None:
    """The newest week that was ever computed and its base week: a later run may have been on an earlier week."""
    found = warehouse.rows(f"{_WEEK_PAIRS} where comparison.is_latest_week")
    return _week_pair(found[0]) if found else None


def read_week(warehouse: Warehouse, as_of: date) -> Week | None:
    """The newest week that was complete at `as_of`; None if it was never computed."""
    found = warehouse.rows(
        """
        select week_start, week_end, week_label
        from dim_voc_weeks
        where @as_of > week_end and @as_of <= week_end + 7
        """,
        as_of=as_of,
    )
    return _week(found[0]) if found else None


def read_status(warehouse: Warehouse, weeks: WeekPair) -> tuple[tuple[Change, ...], Alarms | None]:
    """Every category of the comparison week, the most urgent first, and what the week's alarms are worth.

    Without a category there are no alarms to be read.
    """
    return _changes(_judged(warehouse, weeks, "fct_voc_weekly_status"))


def read_alerts(
    warehouse: Warehouse, weeks: WeekPair
) -> tuple[tuple[Change, ...], Alarms | None, tuple[Change, ...], tuple[Change, ...]]:
    """The same, the levels above that are announced in place of alarms below them, and last week's alerts that ended.

    Those were announced as CRITICAL first, then by name.
    """
    rows = _judged(warehouse, weeks, "fct_voc_weekly_drivers", _OF_DRIVERS)
    told = [r for r in rows if r["explains_alert"] or (r["alert_level"] or 3) < 3]
    above = (row for row in told if row["alert_level"] == row["level"])
    changes, alarms = _changes([row for row in rows if row["level"] == 3])
    past = (_change(row) for row in rows if row["resolution"])
    by_severity = sorted(past, key=lambda c: (c.alert_status_before or "", c.category))
    return changes, alarms, tuple(_alert_above(row, told) for row in above), tuple(by_severity)


def _judged(
    warehouse: Warehouse, weeks: WeekPair, mart: str, more: Sequence[str] = ()
) -> Sequence[Mapping[str, Any]]:
    """The mart's rows of the comparison week, each with the week's alarms: a second query is a second job."""
    columns = [f"judged.{name}" for name in (*COLUMNS_OF_CHANGE, *more)]
    columns += [f"weeks.{name} as {_OF_WEEK}{name}" for name in _OF_ALARMS]
    return warehouse.rows(
        f"""
        select {", ".join(columns)}
        from {mart} as judged
        inner join fct_voc_weekly_alarms as weeks on weeks.week_start = judged.week_start
        where judged.week_start = @week_start and weeks.week_start = @week_start
        """,
        week_start=weeks.comparison.start,
    )


def _changes(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[tuple[Change, ...], Alarms | None]:
    alarms = Alarms(**{name: rows[0][f"{_OF_WEEK}{name}"] for name in _OF_ALARMS}) if rows else None
    return most_urgent_first(map(_change, rows)), alarms


def _change(row: Mapping[str, Any], **values: Any) -> Change:
    columns = {name: row[name] for name in COLUMNS_OF_CHANGE}
    return Change(**columns | {"total_last_8_weeks": tuple(row["total_last_8_weeks"])} | values)


def _alert_above(row: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Change:
    """The alert of a row, with what is right below it and the alarms folded into it."""
    above, level = _category(row), row["level"]
    by_tickets = "volume_increase" in row["alert_reason"]

    def more(row: Mapping[str, Any]) -> float:
        negative: int = row["comparison_negative"] - row["base_negative"]
        return (row["excess"] or 0.0) if by_tickets else negative

    below = sorted(
        (each for each in rows if _category(each)[:level] == above),
        key=lambda each: (-more(each), _category(each)),
    )
    whole = row["total_effect"]
    return _change(
        row,
        status=row["alert_status"],
        status_reason=row["alert_reason"],
        drivers=tuple(
            Driver(
                _category(each),
                each["base_total"],
                each["comparison_total"],
                share=each["total_effect"] / whole if whole else None,
                excess_share=each["excess_share"],
                rate_effect=each["rate_effect"],
                mix_effect=each["mix_effect"],
            )
            for each in below
            if each["level"] == level + 1
        ),
        folded=tuple(
            _category(each) for each in below if each["level"] == 3 and each["alert_level"] == level
        ),
    )


def read_week_labels(warehouse: Warehouse) -> tuple[str, ...]:
    """The weeks that can be reported, newest first."""
    rows = warehouse.rows(
        "select week_label from dim_voc_weeks where base_week_start is not null order by week_start desc"
    )
    return tuple(row["week_label"] for row in rows)


def read_comparison_weeks(warehouse: Warehouse, newest: Week) -> tuple[Week, ...]:
    """The weeks with a base week up to the newest, oldest first."""
    rows = warehouse.rows(
        """
        select week_start, week_end, week_label
        from dim_voc_weeks
        where base_week_start is not null and week_start <= @newest
        order by week_start
        """,
        newest=newest.start,
    )
    return tuple(map(_week, rows))


def read_backtest(
    warehouse: Warehouse, query: str, weeks: Sequence[Week]
) -> tuple[tuple[Backtest, ...], tuple[tuple[Week, Category], ...]]:
    """What the query of a backtest says of each of these weeks, and the clear alarms that would be lost."""
    week_of = {week.start: week for week in weeks}
    names = [field.name for field in fields(Backtest)][1:]
    by_week, lost = {}, []
    for row in warehouse.rows(query):
        week = week_of[row["week_start"]]
        if row["category1"] is None:
            by_week[week] = Backtest(week, **{name: row[name] for name in names})
        else:
            lost.append((week, _category(row)))
    without_tickets = dict.fromkeys(names, 0)
    return tuple(by_week.get(w) or Backtest(w, **without_tickets) for w in weeks), tuple(lost)


def read_categories(warehouse: Warehouse) -> tuple[Category, ...]:
    """Every category that ever had a ticket."""
    rows = warehouse.rows(
        "select distinct category1, category2, category3 from fct_voc_weekly_counts order by 1, 2, 3"
    )
    return tuple(_category(row) for row in rows)


def read_category_history(
    warehouse: Warehouse, levels: Sequence[str], newest: Week, weeks: int
) -> tuple[CategoryWeek, ...]:
    """The tickets below one, two or three levels, or all, week by week up to the newest; weeks without tickets too.

    The status of a week is the worst that a category below the levels had, its evidence that category's; what is
    usual is known of a category only.
    """
    rows = warehouse.rows(
        f"""
        with counted as (
            select week_start, sum(total_count) as total_count, sum(negative_count) as negative_count
            from fct_voc_weekly_counts
            where {_below()}
            group by week_start
        ),

        judged as (
            select
                week_start,
                status,
                evidence,
                usual_low,
                usual_high,
                row_number() over (partition by week_start order by status_rank, evidence) as place
            from fct_voc_weekly_status
            where {_below()}
        )

        select
            weeks.week_start,
            weeks.week_end,
            weeks.week_label,
            coalesce(counted.total_count, 0) as total_count,
            coalesce(counted.negative_count, 0) as negative_count,
            judged.status,
            judged.evidence,
            judged.usual_low,
            judged.usual_high
        from dim_voc_weeks as weeks
        left join counted on counted.week_start = weeks.week_start
        left join judged on judged.week_start = weeks.week_start and judged.place = 1
        where weeks.week_start <= @newest
        order by weeks.week_start desc
        limit {weeks:d}
        """,
        newest=newest.start,
        **_levels(levels),
    )
    return tuple(
        CategoryWeek(
            _week(row),
            row["total_count"],
            row["negative_count"],
            row["status"],
            _usual(row) if len(levels) == 3 else None,
            row["evidence"],
        )
        for row in reversed(rows)
    )


def read_weeks_compared(
    warehouse: Warehouse, levels: Sequence[str], first: Week, second: Week
) -> tuple[ComparedCategory, ...]:
    """Every category below the levels (or all) that two weeks have, the largest change in tickets first."""
    rows = warehouse.rows(
        f"""
        with counted as (
            select week_start, category1, category2, category3, total_count, negative_count
            from fct_voc_weekly_counts
            where week_start in (@first, @second) and {_below()}
        ),

        judged as (
            select week_start, category1, category2, category3, status, evidence, usual_low, usual_high
            from fct_voc_weekly_status
            where week_start in (@first, @second) and {_below()}
        )

        select *
        from counted
        full outer join judged using (week_start, category1, category2, category3)
        """,
        first=first.start,
        second=second.start,
        **_levels(levels),
    )
    found = {
        (_category(row), row["week_start"]): CategoryWeek(
            first if row["week_start"] == first.start else second,
            row["total_count"] or 0,
            row["negative_count"] or 0,
            row["status"],
            _usual(row),
            row["evidence"],
        )
        for row in rows
    }
    compared = (
        ComparedCategory(
            category,
            *(
                found.get((category, week.start)) or CategoryWeek(week, 0, 0, None)
                for week in (first, second)
            ),
        )
        for category in dict.fromkeys(category for category, _ in found)
    )
    return tuple(sorted(compared, key=lambda row: (-abs(row.growth), row.category)))


def read_changed_weeks(warehouse: Warehouse, newest: Week) -> tuple[Week, ...]:
    """The weeks up to the newest in which a status differs from its first value, where that may not be told yet.

    Those are the weeks that every run counts again, and earlier ones whose tickets, not rules, changed within the
    last eight days.
    """
    rows = warehouse.rows(
        f"""
        with weeks_changed as (
            select
                week_start,
                max(greatest(dbt_valid_from, coalesce(dbt_valid_to, dbt_valid_from))) as changed_at,
                count(distinct judging_version) as version_count
            from voc_weekly_status_snapshot
            where week_start <= @week_start and week_start >= @week_start - {7 * CORRECTED_WEEKS}
            group by week_start
            having count(distinct dbt_valid_from) > 1 or max(dbt_valid_to) is not null
        )

        select weeks.week_start, weeks.week_end, weeks.week_label
        from dim_voc_weeks as weeks
        inner join weeks_changed on weeks_changed.week_start = weeks.week_start
        where weeks.week_start >= @week_start - {7 * RECOUNTED_WEEKS}
            or (
                weeks_changed.version_count = 1
                and weeks_changed.changed_at
                > (select max(dbt_valid_from) from voc_weekly_status_snapshot) - interval 8 day
            )
        order by weeks.week_start
        """,
        week_start=newest.start,
    )
    return tuple(_week(row) for row in rows)


def read_corrections(
    warehouse: Warehouse, week: Week, posted_at: datetime
) -> tuple[Correction, ...]:
    """The statuses of a week at a moment (aware), where they differ from today's; a missing row counts as STABLE.

    Also alarms with another mark than they had, if they had one: earlier versions gave none.
    """
    rows = warehouse.rows(
        """
        with posted as (
            select
                category1, category2, category3,
                status as posted_status,
                evidence as posted_evidence,
                base_total + comparison_total as posted_total,
                judging_version as posted_version
            from voc_weekly_status_snapshot
            where week_start = @week_start
                and dbt_valid_from <= cast(@posted_at as timestamp)
                and (dbt_valid_to is null or dbt_valid_to > cast(@posted_at as timestamp))
        ),

        today as (
            select category1, category2, category3, status, evidence, base_total, comparison_total, judging_version
            from fct_voc_weekly_status
            where week_start = @week_start
        ),

        compared as (
            select
                *,
                coalesce(base_total, 0) + coalesce(comparison_total, 0) - coalesce(posted_total, 0) as total_change
            from posted
            full outer join today using (category1, category2, category3)
            where coalesce(posted_status, 'STABLE') != coalesce(status, 'STABLE')
                or (posted_status in ('CRITICAL', 'MONITOR') and posted_evidence != evidence)
        )

        select
            *,
            case
                when total_change > 0 then 'late'
                when total_change < 0 then 'deleted'
                when posted_version != judging_version then 'thresholds'
                else 'reclassified'
            end as cause
        from compared
        order by category1, category2, category3
        """,
        week_start=week.start,
        posted_at=f"{posted_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}",
    )
    return tuple(
        Correction(
            _category(row),
            row["posted_status"],
            row["status"],
            row["base_total"] or 0,
            row["comparison_total"] or 0,
            row["cause"],
            row["posted_evidence"],
            row["evidence"],
        )
        for row in rows
    )


def read_report(warehouse: Warehouse, weeks: WeekPair) -> WeeklyReport:
    """Everything that the messages of a week need."""
    rows, alarms, alerts_above, past_alerts = read_alerts(warehouse, weeks)
    samples, tickets = read_tickets(warehouse, weeks)
    keywords, rising_words = read_words(warehouse, weeks)
    thresholds = _thresholds(warehouse)
    general = [field.name for field in fields(Threshold)]
    return WeeklyReport(
        weeks=weeks,
        rows=rows,
        thresholds=tuple(
            Threshold(**{name: row[name] for name in general})
            for row in thresholds
            if not row["is_override"]
        ),
        unused_overrides=_unused(thresholds),
        samples=samples,
        tickets=tickets,
        keywords=keywords,
        rising_words=rising_words,
        doubts=read_doubts(warehouse, weeks),
        alarms=alarms,
        alerts_above=alerts_above,
        past_alerts=past_alerts,
    )


def read_words(
    warehouse: Warehouse, weeks: WeekPair
) -> tuple[tuple[Keyword, ...], tuple[RisingWord, ...]]:
    """The rising keywords of the categories that got worse, of each the first first, and those of all tickets."""
    rows = warehouse.rows(
        """
        select
            category1, category2, category3, keyword, base_count, comparison_count,
            null as p_increase,
            keyword_rank as place
        from fct_voc_weekly_keywords
        where week_start = @week_start
        union all
        select
            category1, category2, category3, word, base_count, comparison_count,
            p_increase,
            word_rank as place
        from fct_voc_rising_words
        where week_start = @week_start
        order by place
        """,
        week_start=weeks.comparison.start,
    )
    counted = [(row["keyword"], row["base_count"], row["comparison_count"]) for row in rows]
    both = list(zip(rows, counted, strict=True))
    return (
        tuple(Keyword(_category(r), *counts) for r, counts in both if r["p_increase"] is None),
        tuple(
            RisingWord(*counts, p=r["p_increase"], category=_names_down_to_null(r))
            for r, counts in both
            if r["p_increase"] is not None
        ),
    )


def _names_down_to_null(row: Mapping[str, Any]) -> Category:
    return tuple(row[level] for level in _LEVELS if row[level] is not None)


def read_tickets(
    warehouse: Warehouse, weeks: WeekPair, levels: Sequence[str] = ()
) -> tuple[tuple[Sample, ...], tuple[Ticket, ...]]:
    """The masked tickets of both weeks in the categories that got worse: those that represent them, and all.

    `levels` are those that the categories are below; without one, all categories are read.
    """
    rows = warehouse.rows(
        f"""
        select
            tickets.category1,
            tickets.category2,
            tickets.category3,
            tickets.week_role,
            tickets.ticket_id,
            tickets.ticket_date,
            tickets.is_negative,
            tickets.title,
            substr(tickets.detail, 1, {MAX_TICKET_CHARACTERS}) as detail,
            samples.category2 as sample_category2,
            samples.category3 as sample_category3,
            samples.sample_rank
        from {warehouse.internal("int_flagged_tickets_masked")} as tickets
        left join fct_voc_weekly_samples as samples
            on
                tickets.week_start = samples.week_start
                and tickets.category1 = samples.category1
                and samples.category2 in ('', tickets.category2)
                and samples.category3 in ('', tickets.category3)
                and tickets.week_role = samples.week_role
                and tickets.ticket_id = samples.ticket_id
        where tickets.week_start = @week_start and tickets.is_flagged and {_below("tickets.")}
        order by samples.sample_rank is null, samples.sample_rank, tickets.ticket_id
        """,
        week_start=weeks.comparison.start,
        **_levels(levels),
    )
    samples = tuple(
        Sample(
            levels_named((row["category1"], row["sample_category2"], row["sample_category3"])),
            row["week_role"],
            row["ticket_id"],
            row["is_negative"],
            row["title"] or "",
            row["detail"] or "",
            row["ticket_date"],
        )
        for row in rows
        if row["sample_rank"] is not None
    )
    tickets = dict.fromkeys(  # a ticket may represent its category and a level above
        Ticket(
            _category(row),
            row["week_role"],
            row["ticket_id"],
            f"{row['title'] or ''} {row['detail'] or ''}".strip(),
        )
        for row in rows
    )
    return samples, tuple(tickets)


def read_owners(warehouse: Warehouse, announced: Iterable[Category]) -> Owners:
    """The owners of these categories and levels above, of those that have one."""
    asked = set(announced)
    rows = warehouse.rows(f"select * from {warehouse.internal('int_category_owners')}")
    return {
        _category(row): Owner(row["owner"], row["channel"], row["language"])
        for row in rows
        if _category(row) in asked
    }


def read_doubts(warehouse: Warehouse, weeks: WeekPair) -> tuple[Doubt, ...]:
    """What is doubtful about the tickets of the two weeks: the comparison week first, missing tickets first."""
    rows = warehouse.rows(
        f"""
        select *
        from fct_voc_source_doubts as doubts
        where week_start in (@comparison, @base)
        order by week_start desc, {_DOUBTS_ORDERED}
        """,
        comparison=weeks.comparison.start,
        base=weeks.base.start,
    )
    by_start = {week.start: week for week in (weeks.comparison, weeks.base)}
    return tuple(_doubt(row, by_start[row["week_start"]]) for row in rows)


def _doubt(row: Mapping[str, Any], week: Week) -> Doubt:
    return Doubt(
        week=week,
        code=row["code"],
        is_incomplete=row["is_incomplete"],
        days=dates_in(row["dates"]),
        category=tuple(filter(None, _category(row))),
        renamed_to=row["renamed_to"],
        observed=row["observed"],
        usual=row["usual"],
    )


def warn_of_faults(doubts: Sequence[Doubt], unused_overrides: Sequence[Override]) -> None:
    """Log what is doubtful about the source, and threshold rows that apply to nothing."""
    for doubt in doubts:
        log.warning("the source: %s", doubt_text(doubt, Texts("en")))
    for status, levels in unused_overrides:
        log.warning("%s", unused_override(status, levels))


def unused_override(status: Status, levels: Sequence[str]) -> str:
    """The sentence about a threshold row that matches no category."""
    return f"a threshold of {status} matches no category: {' / '.join(levels)}. Fix status_thresholds.csv."


def read_unused_overrides(warehouse: Warehouse) -> tuple[Override, ...]:
    """The threshold rows for one category that match none."""
    return _unused(_thresholds(warehouse))


def _thresholds(warehouse: Warehouse) -> Sequence[Mapping[str, Any]]:
    return warehouse.rows(
        "select * from dim_voc_thresholds order by status_rank, category1, category2, category3"
    )


def _unused(thresholds: Sequence[Mapping[str, Any]]) -> tuple[Override, ...]:
    return tuple(
        (row["status"], tuple(level or "*" for level in _category(row)))
        for row in thresholds
        if not row["is_used"]
    )


def read_history(warehouse: Warehouse, newest: Week, weeks: int = 26) -> History:
    """The counts of every category in `weeks` weeks up to the newest, or since the first with a ticket."""
    rows = warehouse.rows(
        f"""
        with counted as (
            select week_start, category1, category2, category3, total_count, negative_count
            from fct_voc_weekly_counts
            where week_start <= @week_start and week_start > @week_start - {7 * weeks}
        ),

        judged as (
            select week_start, category1, category2, category3, usual_low, usual_high
            from fct_voc_weekly_status
            where week_start <= @week_start and week_start > @week_start - {7 * weeks}
        ),

        counted_and_judged as (
            select *
            from counted
            full outer join judged using (week_start, category1, category2, category3)
        )

        select
            weeks.week_start, weeks.week_end, weeks.week_label,
            found.category1, found.category2, found.category3,
            coalesce(found.total_count, 0) as total_count,
            coalesce(found.negative_count, 0) as negative_count,
            found.usual_low,
            found.usual_high
        from dim_voc_weeks as weeks
        left join counted_and_judged as found on found.week_start = weeks.week_start
        where weeks.week_start <= @week_start and weeks.week_start > @week_start - {7 * weeks}
        order by weeks.week_start
        """,
        week_start=newest.start,
    )
    calendar = tuple(dict.fromkeys(_week(row) for row in rows))
    found = {
        (_category(row), _week(row)): Count(row["total_count"], row["negative_count"], _usual(row))
        for row in rows
        if row["category1"] is not None
    }
    categories = dict.fromkeys(category for category, _ in found)
    return History(
        calendar,
        {c: tuple(found.get((c, week), Count(0, 0)) for week in calendar) for c in categories},
    )


def read_past_weeks(warehouse: Warehouse) -> tuple[PastWeek, ...]:
    """Every comparison week, newest first, as it is counted today, with its doubts, missing tickets first."""
    rows = warehouse.rows(
        f"""
        with counted as (
            select
                weeks.week_start, weeks.week_end, weeks.week_label,
                alarms.alarms, alarms.strong_alarms, alarms.alarms_by_chance,
                statuses.status,
                count(*) as category_count,
                sum(statuses.comparison_total) as ticket_count
            from dim_voc_weeks as weeks
            inner join fct_voc_weekly_status as statuses on statuses.week_start = weeks.week_start
            inner join fct_voc_weekly_alarms as alarms on alarms.week_start = weeks.week_start
            group by
                weeks.week_start, weeks.week_end, weeks.week_label,
                alarms.alarms, alarms.strong_alarms, alarms.alarms_by_chance,
                statuses.status
        )

        select counted.*, {", ".join(f"doubts.{name}" for name in _OF_DOUBTS)}
        from counted
        left join fct_voc_source_doubts as doubts on doubts.week_start = counted.week_start
        order by counted.week_start desc, {_DOUBTS_ORDERED}
        """
    )
    by_week: dict[Week, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_week.setdefault(_week(row), []).append(row)
    found = []
    for week, of_week in by_week.items():
        by_status = {row["status"]: row for row in of_week}
        counts = {status: row["category_count"] for status, row in by_status.items()}
        found.append(
            PastWeek(
                week,
                dict.fromkeys(STATUSES, 0) | counts,
                sum(row["ticket_count"] for row in by_status.values()),
                of_week[0]["alarms"],
                of_week[0]["strong_alarms"],
                of_week[0]["alarms_by_chance"],
                tuple(dict.fromkeys(_doubt(row, week) for row in of_week if row["code"])),
            )
        )
    return tuple(found)


def _below(table: str = "") -> str:
    """The condition that a row is of a category below the parameters of `_levels`."""
    return " and ".join(f"@{name} in ('', {table}{name})" for name in _LEVELS)


def _levels(levels: Sequence[str]) -> dict[str, str]:
    """Parameters: one, two or three levels, or none for all categories. No level is empty."""
    return dict(zip(_LEVELS, (*levels, "", "", ""), strict=False))


def _week_pair(row: Mapping[str, Any]) -> WeekPair:
    return WeekPair(
        comparison=_week(row),
        base=Week(row["base_start"], row["base_end"], row["base_label"]),
    )


def _week(row: Mapping[str, Any]) -> Week:
    return Week(row["week_start"], row["week_end"], row["week_label"])


def _usual(row: Mapping[str, Any]) -> Usual | None:
    return usual_range(row["usual_low"], row["usual_high"])


def _category(row: Mapping[str, Any]) -> Category:
    return levels_named(row[name] for name in _LEVELS)

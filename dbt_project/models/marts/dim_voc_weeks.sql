-- depends_on: {{ ref('int_weeks_counted') }}
-- What reads the calendar asks which weeks to judge again, and so what has been counted since.
with counts as (
    select * from {{ ref('fct_voc_weekly_counts') }}
),

history_bounded as (
    select
        min(week_start) as first_week_start,
        greatest(max(week_start), {{ report_week_start() }}) as last_week_start
    from counts
),

weeks_listed as (
    select
        first_week_start,
        last_week_start,
        week_start
    from history_bounded
    cross join {{ unnested(week_starts_between('first_week_start', 'last_week_start'), 'week_start') }}
)

select
    week_start,
    week_start + 6 as week_end,
    {{ week_label('week_start') }} as week_label,
    case when week_start > first_week_start then week_start - 7 end as base_week_start,
    week_start = {{ report_week_start() }} as is_report_week,
    week_start = last_week_start as is_latest_week
from weeks_listed

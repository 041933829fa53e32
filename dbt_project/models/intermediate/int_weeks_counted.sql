-- depends_on: {{ ref('fct_voc_weekly_counts') }}
-- What is recorded here has been counted: the other way round, a run that fails in between would lose a week.
with source_weeks as (
    select * from {{ ref('stg_zendesk__weeks') }}
),

weeks as (
    {%- for first_week, last_week in weeks_to_count() %}
    {{ 'union distinct' if not loop.first }}
    select week_start
    from {{ unnested(week_starts_between(monday_of(first_week), last_week), 'week_start') }}
    {%- endfor %}
)

select
    weeks.week_start,
    coalesce(source_weeks.fingerprint, '') as fingerprint,
    {{ moment_of_run() }} as counted_at,
    '{{ counting_version() }}' as counting_version
from weeks
left join source_weeks
    on weeks.week_start = source_weeks.week_start

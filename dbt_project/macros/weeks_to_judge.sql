{#-
  The weeks that this run judges again, as ranges of two SQL dates: those never judged, those judged by other rules, and
  those that see a week counted since; a row shows eight weeks. Asked once an invocation, like weeks_known.

  Whoever asks depends on what is asked, so that dbt builds it first.
-#}
{% macro weeks_to_judge() -%}
    {%- set calendar = ref('dim_voc_weeks') -%}
    {%- set counted = ref('int_weeks_counted') -%}
    {%- set thresholds = ref('int_status_thresholds') -%}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set kept = graph.setdefault('voc_weeks_to_judge', {}) -%}
    {%- if invocation_id not in kept -%}
        {%- do kept.update({invocation_id: read_weeks_to_judge(calendar, counted, thresholds)}) -%}
    {%- endif -%}
    {{ return(kept[invocation_id]) }}
{%- endmacro %}

{% macro read_weeks_to_judge(calendar, counted, thresholds) -%}
    {%- set statuses = existing('fct_voc_weekly_status') -%}
    {%- if counts_anew() or not statuses -%}
        {{ return([("date '1970-01-05'", "date '9999-12-27'")]) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for first_week, last_week in run_query(weeks_to_judge_query(statuses, calendar, counted, thresholds)).rows -%}
        {%- do ranges.append(("date '" ~ first_week ~ "'", "date '" ~ last_week ~ "'")) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{%- endmacro %}

{% macro weeks_to_judge_query(statuses, calendar, counted, thresholds) -%}
with weeks_judged as (
    select
        week_start,
        min(judged_at) as judged_at,
        min(judging_version) as oldest_version,
        max(judging_version) as newest_version
    from {{ statuses }}
    group by week_start
),

rules as (
    select {{ judging_version(thresholds) }} as judging_version
),

weeks_compared as (
    select weeks.week_start
    from {{ calendar }} as weeks
    cross join rules
    left join weeks_judged
        on weeks.week_start = weeks_judged.week_start
    left join {{ counted }} as counted
        on counted.week_start between weeks.week_start - 49 and weeks.week_start
    where weeks.base_week_start is not null
    group by weeks.week_start
    having
        max(weeks_judged.judged_at) is null
        or max(counted.counted_at) > max(weeks_judged.judged_at)
        or min(weeks_judged.oldest_version) != max(rules.judging_version)
        or max(weeks_judged.newest_version) != max(rules.judging_version)
)

{{ ranges_of_weeks('weeks_compared') }}
{%- endmacro %}

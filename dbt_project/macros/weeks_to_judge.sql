{#-
  The weeks that this run judges again, as ranges of two SQL dates: those never judged, those judged by other rules,
  those since the oldest week counted since, and those that have lost their base week, whose rows go. A row shows eight
  weeks and rests on sixty, and on when its category began, which any older week may change. Asked once an invocation,
  like weeks_known. The alarms are written last, a row for every week: they record what has been judged, and when.

  Whoever asks depends on what is asked, so that dbt builds it first.
-#}
{% macro weeks_to_judge() -%}
    {%- set calendar = ref('dim_voc_weeks') -%}
    {%- set counted = ref('int_weeks_counted') -%}
    {%- set thresholds = ref('int_status_thresholds') -%}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- if backtest() -%}
        {{ return([("date '" ~ backtest().first_week ~ "'", "date '" ~ backtest().last_week ~ "'")]) }}
    {%- endif -%}
    {%- set kept = graph.setdefault('voc_weeks_to_judge', {}) -%}
    {%- if invocation_id not in kept -%}
        {%- do kept.update({invocation_id: read_weeks_to_judge(calendar, counted, thresholds)}) -%}
    {%- endif -%}
    {{ return(kept[invocation_id]) }}
{%- endmacro %}

{% macro read_weeks_to_judge(calendar, counted, thresholds) -%}
    {%- set judged = existing('fct_voc_weekly_alarms') -%}
    {%- if counts_anew() or not judged -%}
        {{ return([("date '1970-01-05'", "date '9999-12-27'")]) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for first_week, last_week in run_query(weeks_to_judge_query(judged, calendar, counted, thresholds)).rows -%}
        {%- do ranges.append(("date '" ~ first_week ~ "'", "date '" ~ last_week ~ "'")) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{%- endmacro %}

{% macro weeks_to_judge_query(judged, calendar, counted, thresholds) -%}
with rules as (
    select {{ judging_version(thresholds) }} as judging_version
),

weeks_with_base as (
    select week_start
    from {{ calendar }}
    where base_week_start is not null
),

weeks_outdated as (
    select weeks_with_base.week_start
    from weeks_with_base
    cross join rules
    left join {{ judged }} as judged
        on weeks_with_base.week_start = judged.week_start
    left join {{ counted }} as counted
        on counted.week_start <= weeks_with_base.week_start
    group by weeks_with_base.week_start
    having
        max(judged.judged_at) is null
        or max(counted.counted_at) > max(judged.judged_at)
        or max(judged.judging_version) != max(rules.judging_version)
),

weeks_kept as (
    select week_start from {{ judged }}
    {%- for name in ['fct_voc_weekly_status', 'fct_voc_source_doubts'] if existing(name) %}
    union all
    select week_start from {{ existing(name) }}
    {%- endfor %}
),

weeks_without_base as (
    select distinct weeks_kept.week_start
    from weeks_kept
    left join weeks_with_base
        on weeks_kept.week_start = weeks_with_base.week_start
    where weeks_with_base.week_start is null
),

weeks_compared as (
    select week_start from weeks_outdated
    union all
    select week_start from weeks_without_base
)

{{ ranges_of_weeks('weeks_compared') }}
{%- endmacro %}

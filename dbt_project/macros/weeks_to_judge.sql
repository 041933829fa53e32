{#-
  The weeks that this run judges again, as ranges of two SQL dates: those never judged, those judged by other rules, and
  those since the oldest week counted since. A row shows eight weeks and rests on sixty, and on when its category began,
  which any older week may change. Asked once an invocation, like weeks_known.
-#}
{% macro weeks_to_judge() -%}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set kept = graph.setdefault('voc_weeks_to_judge', {}) -%}
    {%- if invocation_id not in kept -%}
        {%- do kept.update({invocation_id: read_weeks_to_judge()}) -%}
    {%- endif -%}
    {{ return(kept[invocation_id]) }}
{%- endmacro %}

{% macro read_weeks_to_judge() -%}
    {%- set statuses = existing('fct_voc_weekly_status') -%}
    {%- if counts_anew() or not statuses -%}
        {{ return([("date '1970-01-05'", "date '9999-12-27'")]) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for first_week, last_week in run_query(weeks_to_judge_query(statuses)).rows -%}
        {%- do ranges.append(("date '" ~ first_week ~ "'", "date '" ~ last_week ~ "'")) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{%- endmacro %}

{% macro weeks_to_judge_query(statuses) -%}
with weeks_judged as (
    select
        week_start,
        min(judged_at) as judged_at,
        min(judging_version) as oldest_version,
        max(judging_version) as newest_version
    from {{ statuses }}
    group by week_start
),

weeks_compared as (
    select weeks.week_start
    from {{ existing('dim_voc_weeks') }} as weeks
    left join weeks_judged
        on weeks.week_start = weeks_judged.week_start
    left join {{ existing('int_weeks_counted') }} as counted
        on counted.week_start <= weeks.week_start
    where weeks.base_week_start is not null
    group by weeks.week_start
    having
        max(weeks_judged.judged_at) is null
        or max(counted.counted_at) > max(weeks_judged.judged_at)
        or min(weeks_judged.oldest_version) != '{{ judging_version() }}'
        or max(weeks_judged.newest_version) != '{{ judging_version() }}'
)

{{ ranges_of_weeks('weeks_compared') }}
{%- endmacro %}

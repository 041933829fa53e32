{#-
  What is known before a run about the weeks counted so far, each as a SQL date:
  - counted: the oldest and the newest week, or none;
  - changed: ranges of those whose tickets have changed since, each as its first and its last Monday;
  - is_outdated: whether they were counted by other rules than today's (another version, another time zone).

  Read while compiling, so that the bounds on the source are constants and BigQuery can prune partitions by them; and
  once an invocation: the dictionary `graph` is the only thing that dbt's models share.
-#}
{% macro weeks_known() -%}
    {%- if not execute -%}
        {{ return({'counted': none, 'changed': [], 'is_outdated': false}) }}
    {%- endif -%}
    {%- set kept = graph.setdefault('voc_weeks_known', {}) -%}
    {%- if invocation_id not in kept -%}
        {%- do kept.update({invocation_id: read_weeks_known()}) -%}
    {%- endif -%}
    {{ return(kept[invocation_id]) }}
{%- endmacro %}

{% macro read_weeks_known() -%}
    {%- set counts = existing('fct_voc_weekly_counts') -%}
    {%- set recorded = existing('int_weeks_counted') -%}
    {%- set source_weeks = existing('stg_zendesk__weeks') -%}
    {%- set found = {'counted': none, 'changed': [], 'is_outdated': false} -%}
    {%- if not counts -%}
        {{ return(found) }}
    {%- elif not (recorded and source_weeks) -%}
        {%- set rows = run_query(
            "select 'counted' as kind, min(week_start) as first_week, max(week_start) as last_week from " ~ counts
        ).rows -%}
        {%- do found.update({'is_outdated': true}) -%}
    {%- else -%}
        {%- set rows = run_query(changed_weeks_query(recorded, source_weeks)).rows -%}
    {%- endif -%}
    {%- for kind, first_week, last_week in rows if first_week is not none -%}
        {%- set range = ("date '" ~ first_week ~ "'", "date '" ~ last_week ~ "'") -%}
        {%- if kind == 'counted' -%}
            {%- do found.update({'counted': {'oldest': range[0], 'newest': range[1]}}) -%}
        {%- elif kind == 'outdated' -%}
            {%- do found.update({'is_outdated': true}) -%}
        {%- else -%}
            {%- do found.changed.append(range) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- One row for the weeks counted, one for those counted by other rules, and one for each range of changed weeks. -#}
{% macro changed_weeks_query(recorded, source_weeks) -%}
with recorded as (
    select * from {{ recorded }}
),

weeks_compared as (
    select recorded.week_start
    from recorded
    left join {{ source_weeks }} as source_weeks
        on recorded.week_start = source_weeks.week_start
    where recorded.fingerprint != coalesce(source_weeks.fingerprint, '')
),

changed as (
    {{ ranges_of_weeks('weeks_compared') | indent(4) }}
)

select 'changed' as kind, first_week, last_week
from changed
union all
select 'counted' as kind, min(week_start) as first_week, max(week_start) as last_week
from recorded
union all
select 'outdated' as kind, min(week_start) as first_week, max(week_start) as last_week
from recorded
where counting_version != '{{ counting_version() }}'
{%- endmacro %}

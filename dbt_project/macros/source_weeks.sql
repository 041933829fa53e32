{#-
  What the source holds of each week, as text that changes whenever its tickets do: on BigQuery the rows and the time
  of modification of the partitions that the week touches, which costs no scan; on DuckDB the rows and a checksum, which
  are read once of each version of a file.
-#}
{% macro source_weeks() -%}
    {{ adapter.dispatch('source_weeks', 'voc_analyst')() }}
{%- endmacro %}

{% macro default__source_weeks() -%}
{%- set kept = existing('stg_zendesk__weeks') -%}
{%- if kept and file_is_as_built() and not flags.FULL_REFRESH -%}
select
    week_start,
    fingerprint
from {{ kept }}
{%- else -%}
select
    {{ monday_of(local_date('event_create_time')) }} as week_start,
    concat(
        count(*), '/',
        bit_xor(hash(id, event_create_time, category1, category2, category3, overall_emotion, inbound_outbound))
    ) as fingerprint
from {{ source('zendesk', 'tickets') }}
where event_create_time >= {{ local_midnight("date '" ~ var('history_start') ~ "'") }}
group by 1
{%- endif -%}
{%- endmacro %}

{#- Whether a build of this version of the file has succeeded (flows/source/file.py keeps that beside the tickets). -#}
{% macro file_is_as_built() -%}
    {%- set tickets = source('zendesk', 'tickets') -%}
    {%- set version = adapter.get_relation(tickets.database, tickets.schema, 'version') -%}
    {{ return(version and run_query('select is_built from ' ~ version).rows[0][0]) }}
{%- endmacro %}

{#- A table that is not partitioned by time has no such partition, so weeks before the look-back are not watched. -#}
{% macro bigquery__source_weeks() -%}
{%- set table = source('zendesk', 'tickets') -%}
with partitions as (
    select
        total_rows,
        last_modified_time,
        -- The name is the partition's year, month, day or hour.
        parse_timestamp('%Y%m%d%H', concat(partition_id, substr('2000010100', length(partition_id) + 1))) as started_at,
        case length(partition_id) when 10 then 1 when 8 then 24 when 6 then 31 * 24 else 366 * 24 end as longest_hours
    from `{{ table.database }}.{{ table.schema }}.INFORMATION_SCHEMA.PARTITIONS`
    where
        table_name = '{{ table.identifier }}'
        and regexp_contains(partition_id, r'^[0-9]{4,10}$')
        and total_rows > 0
),

weeks_touched as (
    select
        total_rows,
        last_modified_time,
        {{ monday_of(local_date('started_at')) }} as first_week,
        {{ monday_of(local_date('timestamp_sub(timestamp_add(started_at, interval longest_hours hour), interval 1 second)')) }} as last_week
    from partitions
)

select
    week_start,
    concat(
        cast(sum(total_rows) as string), '/', cast(unix_micros(max(last_modified_time)) as string)
    ) as fingerprint
from weeks_touched
cross join {{ unnested(week_starts_between('first_week', 'last_week'), 'week_start') }}
where week_start >= date '{{ var('history_start') }}'
group by week_start
{%- endmacro %}

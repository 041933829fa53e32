{#-
  The source's tickets of some weeks, one row per week and ticket id: the upstream insert sometimes repeats a
  ticket, the latest version counts, and among equally late ones the smallest md5 of its counted columns.
  Text columns are read only when named; counting must not pay for them.
-#}
{% macro deduplicated_tickets(week_ranges, text_columns=[]) -%}
with source_tickets as (
    select
        {{ (['id', 'event_create_time', 'category1', 'category2', 'category3', 'overall_emotion', 'inbound_outbound']
            + text_columns) | join(',\n        ') }}
    from {{ source('zendesk', 'tickets') }}
    where
        {{ created_in_weeks(week_ranges) }}
),

tickets_labelled as (
    select
        -- Without an id nothing can be deduplicated: the run stops before anything is counted.
        coalesce(nullif({{ normalised_text('id') }}, ''), error('a ticket without id')) as ticket_id,
        event_create_time as ticket_created_at,
        {{ local_date('event_create_time') }} as ticket_date,
        {{ category_or_unclassified('category1') }} as category1,
        {{ category_or_unclassified('category2') }} as category2,
        {{ category_or_unclassified('category3') }} as category3,
        nullif({{ normalised_text('overall_emotion') }}, '') as emotion,
        coalesce(lower({{ normalised_text('inbound_outbound') }}) = 'inbound', false) as is_inbound
        {%- for column in text_columns %},
        {{ column }}
        {%- endfor %}
    from source_tickets
),

weeks_labelled as (
    select
        *,
        {{ monday_of('ticket_date') }} as week_start,
        coalesce(emotion = '부정', false) as is_negative
    from tickets_labelled
),

versions_ranked as (
    select
        *,
        count(*) over (partition by week_start, ticket_id) as row_count,
        row_number() over (
            partition by week_start, ticket_id
            order by
                ticket_created_at desc,
                {{ dbt.hash(dbt.concat(['category1', "'|'", 'category2', "'|'", 'category3', "'|'", 'cast(is_negative as ' ~ dbt.type_string() ~ ')'])) }}
                {%- for column in text_columns %},
                {{ dbt.hash('coalesce(' ~ column ~ ", '')") }}
                {%- endfor %}
        ) as version_rank
    from weeks_labelled
)

select
    ticket_id,
    ticket_created_at,
    ticket_date,
    week_start,
    category1,
    category2,
    category3,
    emotion,
    is_negative,
    is_inbound,
    row_count
    {%- for column in text_columns %},
    {{ column }}
    {%- endfor %}
from versions_ranked
where version_rank = 1
{%- endmacro %}

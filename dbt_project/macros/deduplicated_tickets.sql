{#-
  The source's tickets of some weeks, one row per week and ticket id: the upstream insert sometimes repeats a
  ticket, the latest version counts, and among equally late ones the smallest md5 of its counted columns.
  Text columns are read only when named; counting must not pay for them.
-#}
{% macro deduplicated_tickets(first_week, last_week, text_columns=[]) -%}
with source_tickets as (
    select
        {{ (['id', 'event_create_time', 'category1', 'category2', 'category3', 'overall_emotion']
            + text_columns) | join(',\n        ') }}
    from {{ source('zendesk', 'tickets') }}
    where
        {{ created_in_weeks(first_week, last_week) }}
),

tickets_labelled as (
    select
        -- Without an id nothing can be deduplicated: the run stops before anything is counted.
        coalesce(id, error('a ticket without id')) as ticket_id,
        event_create_time as ticket_created_at,
        {{ monday_of(local_date('event_create_time')) }} as week_start,
        {{ category_or_unclassified('category1') }} as category1,
        {{ category_or_unclassified('category2') }} as category2,
        {{ category_or_unclassified('category3') }} as category3,
        coalesce(overall_emotion = '부정', false) as is_negative
        {%- for column in text_columns %},
        {{ column }}
        {%- endfor %}
    from source_tickets
),

versions_ranked as (
    select
        *,
        row_number() over (
            partition by week_start, ticket_id
            order by
                ticket_created_at desc,
                {{ dbt.hash(dbt.concat(['category1', "'|'", 'category2', "'|'", 'category3', "'|'", 'cast(is_negative as ' ~ dbt.type_string() ~ ')'])) }}
                {%- for column in text_columns %},
                {{ dbt.hash('coalesce(' ~ column ~ ", '')") }}
                {%- endfor %}
        ) as version_rank
    from tickets_labelled
)

select
    ticket_id,
    ticket_created_at,
    week_start,
    category1,
    category2,
    category3,
    is_negative
    {%- for column in text_columns %},
    {{ column }}
    {%- endfor %}
from versions_ranked
where version_rank = 1
{%- endmacro %}

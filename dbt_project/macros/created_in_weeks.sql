{#- A constant filter on the source's partition column: tickets from the Monday of first_week up to the end of last_week. -#}
{% macro created_in_weeks(first_week, last_week) -%}
    event_create_time >= {{ local_midnight(first_week) }}
    and event_create_time < {{ local_midnight(last_week ~ ' + 7') }}
{%- endmacro %}

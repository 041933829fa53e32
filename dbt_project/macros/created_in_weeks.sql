{#- A constant filter on the source's partition column: the tickets of first_week to last_week, both Mondays. -#}
{% macro created_in_weeks(first_week, last_week) -%}
    event_create_time >= {{ local_midnight(first_week) }}
    and event_create_time < {{ local_midnight(last_week ~ ' + 7') }}
{%- endmacro %}

{#-
  A constant filter on the source's partition column: the tickets of some ranges of weeks, each given as its first and
  its last Monday.
-#}
{% macro created_in_weeks(week_ranges) -%}
    {%- for first_week, last_week in week_ranges -%}
        {{ 'or ' if not loop.first }}(
            event_create_time >= {{ local_midnight(first_week) }}
            and event_create_time < {{ local_midnight(last_week ~ ' + 7') }}
        )
    {%- endfor -%}
{%- endmacro %}

{#-
  A constant filter on a column of Mondays: ranges of weeks, each given as its first and its last Monday, from so many
  weeks before the first one to so many before the last.
-#}
{% macro in_weeks(column, week_ranges, first_before=0, last_before=0) -%}
    {%- if not week_ranges %}false{% endif -%}
    {%- for first_week, last_week in week_ranges -%}
        {{ ' or ' if not loop.first -}}
        {{ column }} between {{ first_week }} - {{ 7 * first_before }} and {{ last_week }} - {{ 7 * last_before }}
    {%- endfor -%}
{%- endmacro %}

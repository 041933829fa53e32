{#- The oldest and the newest week already counted, as SQL dates, or none. -#}
{% macro counted_weeks() -%}
    {{ return(weeks_known().counted) }}
{%- endmacro %}

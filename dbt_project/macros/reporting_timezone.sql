{#- The time zone whose Monday 00:00 starts a week. -#}
{% macro reporting_timezone() -%}
    {{ return(env_var('VOC_TIMEZONE', var('timezone'))) }}
{%- endmacro %}

{#- The rows that a run replaces in what is kept of the texts: the report week, and weeks longer ago than they are kept. -#}
{% macro texts_written_again_or_too_old() -%}
    week_start = {{ report_week_start() }}
    or week_start < {{ report_week_start() }} - 7 * {{ var('text_retention_weeks') }}
{%- endmacro %}

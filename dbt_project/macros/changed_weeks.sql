{#- Ranges of weeks whose tickets have changed since they were counted: they came late, or were deleted. -#}
{% macro changed_weeks() -%}
    {{ return(weeks_known().changed) }}
{%- endmacro %}

{#- The days of a week in their order, as they are in the names of columns. -#}
{% macro weekdays() -%}
    {{ return(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) }}
{%- endmacro %}

{#- The items of a comma separated string, as an array. -#}
{% macro split_list(text) -%}
    {{ adapter.dispatch('split_list', 'voc_analyst')(text) }}
{%- endmacro %}

{% macro default__split_list(text) -%}
    string_split({{ text }}, ',')
{%- endmacro %}

{% macro bigquery__split_list(text) -%}
    split({{ text }}, ',')
{%- endmacro %}

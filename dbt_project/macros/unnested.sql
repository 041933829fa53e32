{#- An array as a table expression with one column, to be cross joined. -#}
{% macro unnested(array, column) -%}
    {{ adapter.dispatch('unnested', 'voc_analyst')(array, column) }}
{%- endmacro %}

{% macro default__unnested(array, column) -%}
    unnest({{ array }}) as unnested ({{ column }})
{%- endmacro %}

{% macro bigquery__unnested(array, column) -%}
    unnest({{ array }}) as {{ column }}
{%- endmacro %}

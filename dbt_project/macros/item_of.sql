{#- An item of an array, by its place from 1. -#}
{% macro item_of(array, place) -%}
    {{ adapter.dispatch('item_of', 'voc_analyst')(array, place) }}
{%- endmacro %}

{% macro default__item_of(array, place) -%}
    {{ array }}[{{ place }}]
{%- endmacro %}

{% macro bigquery__item_of(array, place) -%}
    {{ array }}[safe_ordinal({{ place }})]
{%- endmacro %}

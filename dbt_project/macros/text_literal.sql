{#- A value as a SQL string literal, with any quotes and backslashes in it. -#}
{% macro text_literal(value) -%}
    {{ adapter.dispatch('text_literal', 'voc_analyst')(value) }}
{%- endmacro %}

{% macro default__text_literal(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}

{#- Not a raw string: that cannot hold both kinds of quotes, nor end in a backslash. -#}
{% macro bigquery__text_literal(value) -%}
    '{{ value | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro %}

{#- Text with case, digits, punctuation and white space folded away, to compare what was said. -#}
{% macro fold_text(text) -%}
    {{ adapter.dispatch('fold_text', 'voc_analyst')(text) }}
{%- endmacro %}

{% macro default__fold_text(text) -%}
    regexp_replace(lower({{ text }}), '[\pN\pP\pS\s]+', '', 'g')
{%- endmacro %}

{% macro bigquery__fold_text(text) -%}
    regexp_replace(lower({{ text }}), r'[\pN\pP\pS\s]+', '')
{%- endmacro %}

{#- Text in Unicode normalization form C: macOS hands over Hangul as separate letters, which no keyword matches. -#}
{% macro composed_unicode(text) -%}
    {{ adapter.dispatch('composed_unicode', 'voc_analyst')(text) }}
{%- endmacro %}

{% macro default__composed_unicode(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}

{% macro bigquery__composed_unicode(text) -%}
    normalize({{ text }}, NFC)
{%- endmacro %}

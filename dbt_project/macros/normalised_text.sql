{#-
  Text as names and ids are compared: without invisible characters, composed (macOS writes Hangul as separate letters),
  any white space and line breaks as single blanks, none around. NULL stays NULL.
-#}
{% macro normalised_text(text) -%}
    trim({{ regexp_replace_all(
        composed_unicode(regexp_replace_all(text, var('pii_folds').invisible, '')),
        '[\\s\\pZ\\x{0085}\\x{000B}]+',
        ' '
    ) }})
{%- endmacro %}

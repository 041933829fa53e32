{#-
  Text without invisible characters, with full-width forms, circled and mathematical digits, typographic spaces and
  dashes in ASCII, and with Hangul composed: what the patterns of mask_pii expect, and no more than a reader would call the same text.
-#}
{% macro fold_spelling(text) -%}
    {%- set folds = var('pii_folds') -%}
    {{ composed_unicode(
        'translate(' ~ regexp_replace_all(text, folds.invisible, '')
        ~ ', ' ~ text_literal(folds.from) ~ ', ' ~ text_literal(folds.to) ~ ')'
    ) }}
{%- endmacro %}

{#-
  Text with personal data replaced by what it was ([이메일], [전화번호], …); NULL stays NULL. The patterns are
  the vars pii_folds and pii_patterns, which flows/privacy/masker.py reads too, and a test holds both to one table.
-#}
{% macro mask_pii(text) -%}
    {%- if not var('pii_patterns', []) -%}
        {%- do exceptions.raise_compiler_error(
            'The var pii_patterns is empty, so tickets would be kept unmasked. Restore it in dbt_project.yml.') -%}
    {%- endif -%}
    {%- set masked = namespace(sql=fold_spelling(text)) -%}
    {%- for rule in var('pii_patterns') -%}
        {%- set masked.sql = regexp_replace_all(masked.sql, pii_pattern(rule), rule.replacement) -%}
    {%- endfor -%}
    {{ masked.sql }}
{%- endmacro %}

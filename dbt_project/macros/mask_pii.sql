{#-
  Text with personal data replaced by what it was ([이메일], [전화번호], …); NULL stays NULL. The patterns are
  the vars pii_folds and pii_patterns, which flows/privacy/masker.py reads too, and a test holds both to one table.
-#}
{% macro mask_pii(text) -%}
    {{ masked_by(pii_rules(), fold_spelling(text)) }}
{%- endmacro %}

{#-
  The same for some columns of a relation, as a chain of CTEs that ends in `name`: a few rules in each, because tools
  that read lineage from SQL cannot follow a hundred nested calls.
-#}
{% macro masked_in_steps(relation, columns, name='masked') -%}
{{ name }}_spelling_folded as (
    select * replace (
        {%- for column in columns %}
        {{ fold_spelling(column) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    from {{ relation }}
)
    {%- for rules in pii_rules() | batch(6) %}
        {%- set step = name if loop.last else name ~ '_up_to_' ~ rules[-1].name -%}
        {#- Written once for all columns: composing a pattern takes dbt some time. -#}
        {%- set masked_column = masked_by(rules, '<column>') %},

{{ step }} as (
    select * replace (
        {%- for column in columns %}
        {{ masked_column.replace('<column>', column) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    from {{ name ~ ('_spelling_folded' if loop.first else '_up_to_' ~ loop.previtem[-1].name) }}
)
    {%- endfor %}
{%- endmacro %}

{#- Text with the matches of some rules replaced, one rule after the other. -#}
{% macro masked_by(rules, text) -%}
    {%- set masked = namespace(sql=text) -%}
    {%- for rule in rules -%}
        {%- set masked.sql = regexp_replace_all(masked.sql, pii_pattern(rule), rule.replacement) -%}
    {%- endfor -%}
    {{ masked.sql }}
{%- endmacro %}

{% macro pii_rules() -%}
    {%- if not var('pii_patterns', []) -%}
        {%- do exceptions.raise_compiler_error(
            'The var pii_patterns is empty, so tickets would be kept unmasked. Restore it in dbt_project.yml.') -%}
    {%- endif -%}
    {{ return(var('pii_patterns')) }}
{%- endmacro %}

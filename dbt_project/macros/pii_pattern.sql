{#- The regular expression of one rule in the var pii_patterns: fragments joined, <name> replaced by that part. -#}
{% macro pii_pattern(rule) -%}
    {%- set whole = namespace(pattern=rule.pattern if rule.pattern is string else rule.pattern | join) -%}
    {#- From the last part to the first, because a part may contain those above it. -#}
    {%- for name in var('pii_parts') | list | reverse -%}
        {%- set whole.pattern = whole.pattern | replace('<' ~ name ~ '>', var('pii_parts')[name]) -%}
    {%- endfor -%}
    {{ return(whole.pattern) }}
{%- endmacro %}

{#- The regular expression of one rule in the var pii_patterns: fragments joined, <name> replaced by that part. -#}
{% macro pii_pattern(rule) -%}
    {%- set whole = namespace(pattern=rule.pattern if rule.pattern is string else rule.pattern | join) -%}
    {%- set parts = var('pii_parts') -%}
    {#- From the last part to the first, because a part may contain those above it. -#}
    {%- for name in parts | list | reverse -%}
        {%- set whole.pattern = whole.pattern | replace('<' ~ name ~ '>', parts[name]) -%}
    {%- endfor -%}
    {{ return(whole.pattern) }}
{%- endmacro %}

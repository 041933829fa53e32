{#- Whether this run counts all of history: when asked to, and when the weeks were counted by other rules. -#}
{% macro counts_anew() -%}
    {{ return(flags.FULL_REFRESH or weeks_known().is_outdated) }}
{%- endmacro %}

{#- dbt asks this of every incremental model. -#}
{% macro should_full_refresh() -%}
    {{ return(flags.FULL_REFRESH or (config.get('materialized') == 'incremental' and counts_anew())) }}
{%- endmacro %}

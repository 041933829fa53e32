{#-
  What `voc backtest` asks of, where it does: other thresholds, as rows of the seed, and the first and the last
  comparison week to judge by them. Otherwise none.
-#}
{% macro backtest() -%}
    {{ return(fromjson(env_var('VOC_BACKTEST', '') or 'null')) }}
{%- endmacro %}

{#- The thresholds as they are written: the seed, or those of a backtest. -#}
{% macro thresholds_written() -%}
    {%- set seed, asked = ref('status_thresholds'), backtest() -%}
    {%- if not asked -%}
        {{ return(seed) }}
    {%- endif -%}
    (
        {%- for row in asked.thresholds %}
        select
            {{ text_literal(row.status) }} as status,
            {%- for level in ['category1', 'category2', 'category3'] %}
            {{ text_literal(row[level]) }} as {{ level }},
            {%- endfor %}
            {%- for rule in ['min_total', 'min_increase_pct', 'min_negative_ratio_increase_pp', 'min_decrease_pct'] %}
            cast({{ 'null' if row[rule] is none else row[rule] }} as int64) as {{ rule }}{{ ',' if not loop.last }}
            {%- endfor %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as thresholds_written
{%- endmacro %}

{#- The parts of fct_voc_weekly_drivers that stand once for more tickets and once for a higher negative ratio. -#}

{#-
  Whether the cause is below a row's level: a clear category holds half of what all categories below have beyond the
  expected, or a clear level 2 two thirds of what level 1 has. There chance cancels out, and of two equals neither does.
-#}
{% macro held_below(kind) -%}
    {%- set clear, excess = 'is_' ~ kind ~ '_clear', kind ~ '_excess' -%}
    coalesce(
        case level
            {%- for level in [1, 2] %}
            when {{ level }}
                then
                    2e0 * max(case when level = 3 and {{ clear }} then {{ excess }} end) over {{ below_level(level) }}
                    >= sum(case when level = 3 then {{ excess }} end) over {{ below_level(level) }}
            {%- endfor %}
        end,
        false
    )
    or coalesce(
        level = 1
        and 3e0 * max(case when level = 2 and {{ clear }} then {{ excess }} end) over {{ below_level(1) }}
        >= 2e0 * {{ excess }},
        false
    )
{%- endmacro %}

{#- Whether the level above a row, or the row's own, is announced: it is clear, and nothing clear below it is the cause. -#}
{% macro told_at(level, kind) -%}
    {%- set above = ' and not is_' ~ kind ~ '_told_at_1' if level == 2 -%}
    max(
        case
            when level = {{ level }} and is_{{ kind }}_clear and not is_{{ kind }}_held_below{{ above }} then 1
            else 0
        end
    ) over {{ below_level(level) }} = 1
{%- endmacro %}

{#- A window: the rows of one name at this level, and of all below it. -#}
{% macro below_level(level) -%}
    (partition by week_start, category1{{ ', category2' if level == 2 }})
{%- endmacro %}

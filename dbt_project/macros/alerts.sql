{#- The parts of fct_voc_weekly_drivers that stand once for more tickets and once for a higher negative ratio. -#}

{#- Whether something clear below a level holds half of what all categories below it have beyond the expected. -#}
{% macro held_below(kind) -%}
    {%- set clear = 'is_' ~ kind ~ '_clear' -%}
    case level
        {%- for level in [1, 2] %}
        {%- set below = below_level(level) %}
        when {{ level }}
            then
                coalesce(
                    2e0 * max(case when level > {{ level }} and {{ clear }} then {{ kind }}_excess end) over {{ below }}
                    >= sum(case when level = 3 then {{ kind }}_excess end) over {{ below }},
                    false
                )
        {%- endfor %}
    end
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

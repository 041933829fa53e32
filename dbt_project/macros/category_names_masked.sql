{#-
  A relation whose category names are masked, as a chain of CTEs that ends in `names_masked`. A name without personal
  data stays as it is spelled; two that differ in it only become one.

  A category is masked in one of its rows, and the others take it from there: 83 rules cost something, a NULL nothing.
  Not by a list of names to join: what is read twice, BigQuery reads twice from the source. The three levels are masked
  as one text, which no rule spans.
-#}
{% macro category_names_masked(relation) -%}
{%- set levels = ['category1', 'category2', 'category3'] -%}
{%- set gap = "'" ~ '¦' * 24 ~ "'" -%}
names_listed as (
    select
        *,
        case
            when row_number() over (partition by {{ levels | join(', ') }}) = 1
                then {{ levels | join(' || ' ~ gap ~ ' || ') }}
        end as names
    from {{ relation }}
),

{{ masked_in_steps('names_listed', ['names'], 'names_masked_once') }},

names_shared as (
    select
        *,
        max(names) over (partition by {{ levels | join(', ') }}) as shared_names
    from names_masked_once
),

names_masked as (
    select * replace (
        {%- for level in levels %}
        coalesce(
            nullif({{ dbt.split_part('shared_names', gap, loop.index) }}, {{ fold_spelling(level) }}),
            {{ level }}
        ) as {{ level }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    from names_shared
)
{%- endmacro %}

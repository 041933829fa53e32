{#-
  A relation whose category names are masked, as a chain of CTEs that ends in `names_masked`. A name without personal
  data stays as it is spelled; two that differ in it only become one.

  Each name is masked in one of its rows, and the others take it from there: a name costs 83 rules, a NULL nothing. Not
  by a list of names to join: what is read twice, BigQuery reads twice from the source.
-#}
{% macro category_names_masked(relation) -%}
{%- set levels = ['category1', 'category2', 'category3'] -%}
names_listed as (
    select
        *,
        {%- for level in levels %}
        case when row_number() over (partition by {{ level }}) = 1 then {{ level }} end as listed_{{ level }},
        case when row_number() over (partition by {{ level }}) = 1 then {{ level }} end as masked_{{ level }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
),

{{ masked_in_steps('names_listed', ['masked_category1', 'masked_category2', 'masked_category3'], 'names') }},

names_shared as (
    select
        *,
        {%- for level in levels %}
        max(nullif(masked_{{ level }}, {{ fold_spelling('listed_' ~ level) }})) over (partition by {{ level }}) as new_{{ level }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from names
),

names_masked as (
    select * replace (
        {%- for level in levels %}
        coalesce(new_{{ level }}, {{ level }}) as {{ level }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    from names_shared
)
{%- endmacro %}

{#-
  Before a model that is kept by week: remove the weeks that it writes again, because a week that is left without rows
  brings none that would replace the old ones. On DuckDB by a statement of its own: if the run ends here, the next one
  finds the weeks missing. On BigQuery in the same statement that writes them, see bigquery_weeks_replaced.sql.
-#}
{% macro forget_weeks(where) -%}
    {%- if is_incremental() -%}
        {{ adapter.dispatch('forget_weeks', 'voc_analyst')(where) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__forget_weeks(where) -%}
    delete from {{ this }}
    where {{ where }}
{%- endmacro %}

{% macro bigquery__forget_weeks(where) -%}
    {%- do graph.setdefault('voc_weeks_forgotten', {}).update({model.unique_id: where}) -%}
{%- endmacro %}

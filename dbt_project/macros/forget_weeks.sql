{#-
  Before a model that is kept by week: remove the weeks that it writes again, because a week that is left without rows
  brings none that would replace the old ones. If the run ends here, the next one finds them missing.
-#}
{% macro forget_weeks(where) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where {{ where }}
    {%- endif -%}
{%- endmacro %}

{#-
  Before the counts: remove the weeks that are counted again, because a week whose tickets are all gone brings no rows
  that would replace the old ones. If the run ends here, the next one counts these weeks as missed.
-#}
{% macro forget_weeks_to_count() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where week_start between {{ first_week_to_count() }} and {{ last_week_to_count() }}
    {%- endif -%}
{%- endmacro %}

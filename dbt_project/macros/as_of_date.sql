{#-
  The date a run reports as of, as a SQL date literal. VOC_AS_OF holds it; empty means today in the
  reporting time zone. An environment variable and not --vars, because changed vars re-parse everything.
-#}
{% macro as_of_date() -%}
    {%- set given = env_var('VOC_AS_OF', '') -%}
    {%- set today = modules.datetime.datetime.now(modules.pytz.timezone(reporting_timezone())).date() -%}
    date '{{ given or today.isoformat() }}'
{%- endmacro %}

{#-
  Fails for every row that is not the only one of its grain (NULL equals NULL), and for every row for which a rule is
  false or NULL. One test a model: on BigQuery each is a job.
-#}
{% test sound_rows(model, grain, rules=[]) %}
with rows_counted as (
    select
        *,
        count(*) over (partition by {{ grain | join(', ') }}) as rows_of_grain
    from {{ model }}
)

select *
from rows_counted
where
    rows_of_grain > 1
    {%- for rule in rules %}
    or not coalesce({{ rule }}, false)
    {%- endfor %}
{% endtest %}

{#-
  The address of a ticket, where VOC_TICKET_URL says how it is made ({id} becomes the id); NULL for an id with other
  characters than letters, digits and - . _ ~, which would have to be quoted.
-#}
{% macro ticket_url(ticket_id) -%}
    {%- set address = env_var('VOC_TICKET_URL', '') if execute else '' -%}
    {%- if address -%}
    case
        when {{ regexp_replace_all(ticket_id, '[A-Za-z0-9._~-]+', '') }} = ''
            then replace({{ text_literal(address) }}, '{id}', {{ ticket_id }})
    end
    {%- else -%}
    cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

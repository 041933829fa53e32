{#- depends_on: the source is looked at before it is read. -#}
-- depends_on: {{ ref('stg_zendesk__weeks') }}
{{ deduplicated_tickets(weeks_to_count()) }}

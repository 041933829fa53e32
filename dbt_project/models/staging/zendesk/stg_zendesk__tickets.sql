{{ deduplicated_tickets(first_week_to_count(), last_week_to_count()) }}

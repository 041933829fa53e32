{{ deduplicated_tickets(weeks_to_count()) }}

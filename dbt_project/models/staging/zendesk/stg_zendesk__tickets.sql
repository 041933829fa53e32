{{ deduplicated_tickets(first_week_to_count(), report_week_start()) }}

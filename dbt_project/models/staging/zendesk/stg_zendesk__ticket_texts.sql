{{ deduplicated_tickets(
    [(report_week_start() ~ ' - 7', report_week_start())],
    text_columns=['title', 'detail', 'keywords']
) }}

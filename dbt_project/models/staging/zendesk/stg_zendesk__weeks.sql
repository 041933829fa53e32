-- Read before the tickets are: what comes in between is found by the next run.
{{ source_weeks() }}

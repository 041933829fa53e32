"""BigQuery: whose credentials, which client, what it refuses, what a run cost."""

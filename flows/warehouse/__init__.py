"""dbt and the marts, on DuckDB or BigQuery: what is built and what is read."""

"""dbt and the marts, on DuckDB or BigQuery: the only SQL outside dbt_project/."""

"""Changes the status and week SQL at each place and sees whether the dbt tests notice."""

"""What every run stands on: settings, the parts built from them, errors, files, the Prefect server."""

"""What every run needs: settings, the parts built from them, errors, files, the Prefect server."""

"""The bot: takes requests in Slack, asks Prefect, and reports the result. It imports nothing from `flows`."""

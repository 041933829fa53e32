"""The bot: hears people in Slack, asks Prefect, and says what became of it. It imports nothing of `flows`."""

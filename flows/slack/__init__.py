"""The messages of a report, each posted once, to Slack or to the outbox folder."""

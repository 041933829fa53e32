"""Answers questions in Slack and at the command line from the marts: reading a question, and finding its answer."""

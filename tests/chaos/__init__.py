"""Kills runs and counts what stands in Slack afterwards."""

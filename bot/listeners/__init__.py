"""Bolt's listeners: each module's `register(app, asking)` is its routing table."""

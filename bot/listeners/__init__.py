"""Bolt's listeners: each module's `register(app, requests)` is its routing table."""

"""Masks personal data, and keeps what was missed from leaving."""

"""What flows and bot share, though neither imports the other: texts, week words, settings, how a run ends."""

from catalogue.texts import LOCALES, Locale, Texts, entries

__all__ = ["LOCALES", "Locale", "Texts", "entries"]

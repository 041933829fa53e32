"""The values of a report and what is derived from them. Pure: no I/O, no clock, no environment."""

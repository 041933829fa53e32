"""What can go wrong. Each message is one English line that says what to do; in Slack people read `failure.<kind>`.

VocError               1  a run that waited too long for another one, a temporary server that did not start
├── UsageError         2  options, settings, thresholds, a week in the future
├── SourceError        3  source file or table, columns, types, too few weeks, file locked, BigQuery
│   ├── NoTables           no report was built yet
│   └── TablesInUse        another process writes them
├── TransformError     4  dbt or its tests
├── SlackError         5  Slack (or the outbox) refused or could not be reached
│   ├── UnreadableHistory  the app lacks a scope for reading (slack/transport.py)
│   └── RefusedBlocks      nothing was posted, another form may be taken (slack/transport.py)
└── UnexpectedError    1  any other error: its type alone, and where its frames are (failures.py)

ModelError and UnusableAnswer are not in this tree: users never see them, the rule-based analysis takes over.
"""


class VocError(Exception):
    """Base of the errors shown to users.

    Args:
        is_passing: whether trying again may help without a change.
        kind: what people in Slack are told (`failure.<kind>` in the catalogue), where the class is not exact enough.

    `exit_code` is what `voc` exits with.
    """

    exit_code = 1
    kind = "other"

    def __init__(self, message: str, *, is_passing: bool = False, kind: str | None = None) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        self.kind = kind or self.kind


class UsageError(VocError):
    exit_code = 2
    kind = "usage"


class SourceError(VocError):
    exit_code = 3
    kind = "source"


class NoTables(SourceError):
    pass


class TablesInUse(SourceError):
    pass


class TransformError(VocError):
    exit_code = 4
    kind = "transform"


class SlackError(VocError):
    """`code` is Slack's own, where Slack refused."""

    exit_code = 5
    kind = "slack"

    def __init__(self, message: str, *, is_passing: bool = False, code: str = "") -> None:
        super().__init__(message, is_passing=is_passing)
        self.code = code


WEEK = "week"
"""The kind of an error in the week that was asked for: whoever asked for it chooses another, nobody has to act."""

"""Everything that can go wrong in a way that a user can fix. Each message is one line that says what to do.

VocError
├── UsageError      2  options, settings, thresholds, a week in the future
├── SourceError     3  source file or table, columns, types, too few weeks, file locked, BigQuery
├── TransformError  4  dbt or its tests
└── SlackError      5  Slack (or the outbox) refused or could not be reached

LaasError and UnusableAnswer are not in this tree: users never see them, the rule-based analysis takes over.
"""


class VocError(Exception):
    """Base of the errors shown to users.

    `exit_code` is what `voc` exits with; `is_passing` says that trying again may help without a change.
    """

    exit_code = 1

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class UsageError(VocError):
    exit_code = 2


class SourceError(VocError):
    exit_code = 3


class TransformError(VocError):
    exit_code = 4


class SlackError(VocError):
    exit_code = 5

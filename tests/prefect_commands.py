"""Prefect's commands, one after the other in one process, as its command line takes seconds to start.

`python -m tests.prefect_commands '[["work-pool", "ls"], ["deploy", "--all"]]'`
"""

from __future__ import annotations

import json
import sys

from prefect.cli import app


def main() -> None:
    """End with the code of the first command that fails."""
    for arguments in json.loads(sys.argv[1]):
        sys.argv = ["prefect", *arguments]
        try:
            app()
        except SystemExit as ended:
            if ended.code:
                raise


if __name__ == "__main__":
    main()

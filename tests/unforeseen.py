"""`voc` with an error nobody foresaw, whose words are the worst: it comes from a task, in the middle of a run."""

from __future__ import annotations

import os
from typing import NoReturn
from unittest.mock import patch

from flows.cli.main import main


def broken(*_: object) -> NoReturn:
    raise RuntimeError(os.environ["SLACK_BOT_TOKEN"] + os.environ["WORDS"])


if __name__ == "__main__":
    patch("flows.tasks.read_report", broken).start()
    for step in ("prepare", "build_models"):  # the tables are there
        patch(f"flows.warehouse.dbt.{step}", lambda build: None).start()
    main()

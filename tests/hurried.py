"""`voc` that waits for Slack for two seconds instead of two minutes.

Where the variable CHAOS_TABLES_STAND is set, dbt does not build again what it has built before the first run.
"""

from __future__ import annotations

import os
from functools import partial
from unittest.mock import patch

from flows.cli.main import main
from flows.slack.patience import WAITS_SECONDS
from flows.slack.web_api import WebApiTransport

REPLACED: dict[str, object] = {
    "flows.slack.patience.WAITS_SECONDS": tuple(seconds / 60 for seconds in WAITS_SECONDS),
    "flows.slack.web_api.SECONDS_BETWEEN_POSTS": 0.25,
    "flows.slack.web_api.WebApiTransport": partial(WebApiTransport, seconds=3.0),
}
TABLES_STAND: dict[str, object] = {
    "flows.warehouse.dbt.warm_up": lambda: None,
    "flows.warehouse.dbt.prepare": lambda build: None,
    "flows.warehouse.dbt.build_models": lambda build: None,
}

if __name__ == "__main__":
    tables = TABLES_STAND if os.environ.get("CHAOS_TABLES_STAND") else {}
    for target, value in (REPLACED | tables).items():
        patch(target, value).start()
    main()

"""`voc` that waits for Slack for two seconds instead of two minutes: chaos has hundreds of runs to see the end of.

Where the variable CHAOS_TABLES_STAND is set, dbt does not build again what it has built before the first run.
"""

from __future__ import annotations

import os
from functools import partial

from flows.cli.main import main
from flows.slack import patience, web_api
from flows.warehouse import dbt

patience.WAITS_SECONDS = tuple(seconds / 60 for seconds in patience.WAITS_SECONDS)
web_api.SECONDS_BETWEEN_POSTS = 0.25
web_api.WebApiTransport = partial(  # type: ignore[assignment,misc]
    web_api.WebApiTransport, seconds=3.0
)

if os.environ.get("CHAOS_TABLES_STAND"):
    dbt.warm_up = lambda: None
    dbt.build_models = lambda build: None

if __name__ == "__main__":
    main()

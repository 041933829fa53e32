"""What a weekly run does with its tickets: register the source, build the models, read the report.

Prints the seconds that this took once dbt was imported and had read the project.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

from flows.runtime.assembly import Assembly
from flows.runtime.settings import load_settings
from flows.source.file import open_source
from flows.warehouse import dbt
from flows.warehouse.marts import read_report, read_week_pair


def main(source: Path, as_of: date) -> None:
    parts = Assembly(load_settings())
    workspaces, timezone = parts.workspaces, parts.settings.timezone
    dbt.check_connection(parts.build(workspaces.of(source), as_of))

    started = time.perf_counter()
    file = open_source(workspaces, timezone, source, as_of)
    build = parts.build(file.workspace, as_of, full_refresh=file.needs_full_refresh)
    dbt.build_models(build)
    file.mark_built()
    warehouse = parts.warehouse(file.workspace)
    weeks = read_week_pair(warehouse, as_of)
    assert weeks is not None
    assert read_report(warehouse, weeks).rows
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))

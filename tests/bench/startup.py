"""What the product adds to Prefect's and dbt's own start: `voc run --dry-run` on the sample."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flows.runtime.prefect_server import temporary_server
from flows.runtime.settings import load_settings
from tests.bench.measure import (
    AS_OF,
    Ratio,
    Result,
    Scale,
    Side,
    alternately,
    dbt_command,
    program_command,
    run_timed,
    sample_file,
    voc_command,
)
from tests.parts import build_of, workspace_of


def measure(files: Path, scale: Scale) -> Iterator[Result]:
    """`voc run` ÷ its parts alone, without a Prefect server running and with one."""
    source = sample_file(files, weeks=12, tickets_per_week=1200)
    settings = load_settings()
    build = build_of(settings, workspace_of(settings, source), AS_OF)

    run_voc = partial(
        run_timed, voc_command("run", "--dry-run", "--source", source, "--as-of", str(AS_OF))
    )
    run_empty_flow = partial(run_timed, program_command("empty_flow"))
    run_dbt = partial(
        run_timed,
        dbt_command(build, "build", "--exclude-resource-type", "unit_test"),
        **build.environment(),
    )

    # The tables, dbt's parsed project and Prefect's database are there for all that is measured.
    run_voc()
    run_empty_flow()
    voc, empty_flow, dbt = alternately(
        {"voc run": run_voc, "empty flow": run_empty_flow, "dbt build": run_dbt},
        scale.repetitions,
    )
    yield Ratio("startup, no server", Side((voc,)), Side((empty_flow, dbt)), limit=0.5)

    with temporary_server(Path("prefect")) as server:
        server.wait_until_healthy()
        run_voc_on_server = partial(run_voc, PREFECT_API_URL=server.api_url)
        run_voc_on_server()
        voc, dbt = alternately(
            {"voc run": run_voc_on_server, "dbt build": run_dbt}, scale.repetitions
        )
    yield Ratio("startup, server running", Side((voc,)), Side((dbt,)), limit=1.4)

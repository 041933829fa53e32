"""The dbt project as it is compiled for BigQuery, and its graph executed by GoogleSQL."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dbt.adapters.bigquery.__version__ as adapter

from flows import PROJECT_ROOT
from tests.bigquery.googlesql import GoogleSql, Row
from tests.once import made_once

Node = dict[str, Any]


@dataclass(frozen=True)
class Compiled:
    """A folder with dbt's manifests (models and data tests compiled) and `unit_tests/<name>.sql`."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return manifest

    @property
    def source(self) -> Node:
        (source,) = self.manifest["sources"].values()
        return dict(source)

    @property
    def source_columns(self) -> dict[str, str]:
        return {column["name"]: column["data_type"] for column in self.source["columns"].values()}

    def nodes(self, *kinds: str) -> list[Node]:
        """The nodes of these kinds, each after those that it depends on."""
        nodes: dict[str, Node] = self.manifest["nodes"]
        ordered: dict[str, Node] = {}

        def visit(key: str) -> None:
            if key in nodes and key not in ordered:
                for parent in nodes[key]["depends_on"].get("nodes", ()):
                    visit(parent)
                ordered[key] = nodes[key]

        for key in nodes:
            visit(key)
        return [node for node in ordered.values() if node["resource_type"] in kinds]

    @property
    def unit_tests(self) -> dict[str, str]:
        """Compiled SQL by name."""
        return {path.stem: path.read_text() for path in (self.folder / "unit_tests").glob("*.sql")}


def relation(node: Node) -> str:
    """`project.dataset.table` of a model, seed, snapshot or source."""
    return ".".join((node["database"], node["schema"], node.get("alias") or node["identifier"]))


def seed_types(node: Node) -> dict[str, str]:
    """The columns of a seed."""
    return {name: kind.upper() for name, kind in node["config"]["column_types"].items()}


def declared_types(node: Node) -> dict[str, str]:
    """The columns of a model's contract."""
    columns = node["columns"].values()
    return {c["name"]: c["data_type"].upper() for c in columns if c.get("data_type")}


def execute(
    compiled: Compiled,
    engine: GoogleSql,
    tickets: list[Row],
    seed_rows: Mapping[str, Sequence[Row]] = MappingProxyType({}),
) -> dict[str, list[Row]]:
    """Rows of every model and (failing) rows of every data test, by name, on these tickets.

    `seed_rows` are rows that seeds, by name, have in addition.
    """
    engine.table(relation(compiled.source), compiled.source_columns, tickets)
    found: dict[str, list[Row]] = {}
    for node in compiled.nodes("seed", "model", "test"):
        if node["resource_type"] == "seed":
            rows = [*_seed_rows(node), *seed_rows.get(node["name"], ())]
            engine.table(relation(node), seed_types(node), rows)
            continue
        if node["config"]["materialized"] == "ephemeral":
            continue  # a part of the models that read it
        sql = node["compiled_code"]
        is_model = node["resource_type"] == "model"
        found[node["name"]] = engine.table_as(relation(node), sql) if is_model else engine.rows(sql)
    return found


def compile_project(cache: Path, endpoint: Callable[[], Mapping[str, str]]) -> Compiled:
    """Compile for the week before 2026-11-16, once for each state of the project.

    `endpoint` starts an empty BigQuery when it is needed, and gives the variables that lead to it.
    """
    compiled = Compiled(cache / _state_of_project())
    with made_once(compiled.folder):
        if not compiled.folder.exists():
            _compile_into(compiled.folder, cache, endpoint)
    return compiled


def _compile_into(folder: Path, cache: Path, endpoint: Callable[[], Mapping[str, str]]) -> None:
    work = cache / f"compiling-{os.getpid()}"
    environment = os.environ | {"VOC_AS_OF": "2026-11-16"} | dict(endpoint())

    options = [
        *("--target", "bigquery", "--quiet"),
        *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)),
        *("--target-path", str(work / "target"), "--log-path", str(work / "logs")),
    ]

    def dbt(*commands: tuple[str, ...]) -> None:
        """Run commands in one process after another: it starts and imports once."""
        subprocess.run(
            [sys.executable, "-c", _RUN, json.dumps([[*words, *options] for words in commands])],
            env=environment,
            check=True,
        )

    dbt(("compile",))
    result = work / "result"
    (result / "unit_tests").mkdir(parents=True)
    for name in ("manifest.json", "semantic_manifest.json"):
        shutil.copy(work / "target" / name, result)
    # The unit tests want the tables that they stand in for, so those are made, empty.
    dbt(
        ("build", "--empty", "--resource-type", "seed", "--resource-type", "model"),
        ("test", "--select", "test_type:unit"),
    )
    # As they were run: actual and expected rows side by side. `compiled` holds the actual ones only.
    for path in (work / "target" / "run").rglob("*unit_tests.yml/dbt_project/**/*.sql"):
        shutil.copy(path, result / "unit_tests")
    result.replace(folder)
    shutil.rmtree(work)


_RUN = """
import json, sys
from dbt.cli.main import dbtRunner
for words in json.loads(sys.argv[1]):
    result = dbtRunner().invoke(words)
    if not result.success:
        sys.exit(f"dbt {words}: {result.exception or 'failed'}")
"""


def _seed_rows(node: Node) -> list[Row]:
    types = seed_types(node)
    with (PROJECT_ROOT / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
        return [
            {
                name: None if text == "" else int(text) if types[name] == "INT64" else text
                for name, text in row.items()
            }
            for row in csv.DictReader(file)
        ]


def _state_of_project() -> str:
    files = ["dbt_project.yml", "profiles.yml"]
    digest = hashlib.sha256(f"{adapter.version} {Path(__file__).read_text()}".encode())
    for path in [*map(PROJECT_ROOT.joinpath, files), *_files(PROJECT_ROOT / "dbt_project")]:
        digest.update(str(path.relative_to(PROJECT_ROOT)).encode() + path.read_bytes())
    return f"compiled-{digest.hexdigest()[:12]}"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())

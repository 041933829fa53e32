"""bqemulator 1.4.0 with the corrections that this project needs: `python -m tests.fakes.bqemulator PORT`.

Each correction says what the released version does instead. They are checked by tests/bigquery, which compares
the tables made on it with DuckDB's.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import re
import sys
import threading
import warnings
from datetime import UTC, datetime
from typing import Any

import bqemulator.api.app as api_app
import bqemulator.api.routes.upload as upload
import bqemulator.scripting.interpreter as interpreter
import bqemulator.sql.rewriter.aggregate_variants as aggregate_variants
import bqemulator.sql.rewriter.create_table_schema_ctas as schema_ctas
import bqemulator.sql.rewriter.default_dataset as default_dataset
import bqemulator.sql.rewriter.information_schema as information_schema
import bqemulator.sql.translator as translator
import bqemulator.storage.partition_state as partition_state
import sqlglot
from bqemulator.config import LogLevel, Settings
from bqemulator.server import EmulatorServer
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlglot import Dialect, exp
from sqlglot.dialects.duckdb import DuckDB


def _replace(owner: Any, name: str, by: Any) -> None:
    setattr(owner, name, by)


def work_offline() -> None:
    """The released version downloads DuckDB extensions (geography, Avro) when it starts."""
    for name in ("_load_spatial", "_load_format_extensions"):
        _replace(DuckDBEngine, name, lambda self: None)


def accept_googles_uploads() -> None:
    """Google's client names no media type for the rows of a load job."""
    permitted = upload._PERMITTED_MEDIA_CONTENT_TYPES
    _replace(upload, "_PERMITTED_MEDIA_CONTENT_TYPES", (*permitted, "*/*"))


def truncate_to_iso_weeks() -> None:
    """Week truncation is lost in translation: DuckDB's own week begins on Monday too."""
    translate = SQLTranslator.translate

    def corrected(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.DateTrunc) and node.unit.name.upper() in (
            "ISOWEEK",
            "WEEK(MONDAY)",
        ):
            day = f"cast({node.this.transform(corrected).sql('bigquery')} as date)"
            return exp.maybe_parse(
                f"cast(date_sub({day}, interval mod(extract(dayofweek from {day}) + 5, 7) day) as date)",
                dialect="bigquery",
            )
        return node

    def with_iso_weeks(self: SQLTranslator, sql: str, **options: Any) -> Any:
        if "isoweek" in sql.lower():
            sql = sqlglot.parse_one(sql, read="bigquery").transform(corrected).sql("bigquery")
        return translate(self, sql, **options)

    _replace(SQLTranslator, "translate", with_iso_weeks)


def create_tables_under_contract() -> None:
    """`create table t (columns) as (select ...)`, as dbt writes it, has its select in brackets."""
    first_select = schema_ctas._first_select

    def within_brackets(body: Any) -> Any:
        if isinstance(body, exp.Subquery | exp.Paren):
            return within_brackets(body.this)
        return first_select(body)

    _replace(schema_ctas, "_first_select", within_brackets)


def overwrite_partitions() -> None:
    """dbt's insert_overwrite: `array_agg(distinct date(x) ignore nulls)` set as a struct of one array."""
    filter_target = aggregate_variants._filter_target

    def target(node: Any) -> Any:
        while isinstance(node, exp.Order | exp.Limit):
            node = node.this
        return node.expressions[0] if isinstance(node, exp.Distinct) else filter_target(node)

    _replace(aggregate_variants, "_filter_target", target)
    exec_set = interpreter.ScriptInterpreter._exec_set

    async def set_array(self: Any, statement: Any) -> Any:
        source = re.sub(
            r"^\s*\(\s*select\s+as\s+struct\b",
            "(select ",
            statement.source_expr,
            flags=re.IGNORECASE,
        )
        return await exec_set(self, type(statement)(targets=statement.targets, source_expr=source))

    _replace(interpreter.ScriptInterpreter, "_exec_set", set_array)


def date_partitions() -> None:
    """Every partition has the table's time of modification, and the names of INFORMATION_SCHEMA.PARTITIONS get lost.

    Here a partition's time is when its rows were first seen as they are: it changes exactly when they change.
    """
    list_partitions = partition_state._list_time_partitions
    seen: dict[tuple[str, str], tuple[Any, datetime]] = {}

    def with_times(engine: Any, table: Any, physical: str) -> Any:
        partitions = list_partitions(engine, table, physical)
        partitioning = table.time_partitioning
        if partitioning.field is None:
            return partitions
        form = partition_state._GRANULARITY_FORMAT[partitioning.type]
        sums = dict(
            engine.execute(
                f"select coalesce(strftime({partitioning.field}, '{form}'), '__NULL__'), sum(hash(t)) "
                f"from {physical} as t group by 1"
            ).fetchall()
        )
        dated = []
        for partition in partitions:
            name, rows = (
                partition.partition_id,
                (sums[partition.partition_id], partition.total_rows),
            )
            if seen.get((physical, name), (None,))[0] != rows:
                seen[physical, name] = rows, datetime.now(UTC)
            update = {"last_modified_time": seen[physical, name][1]}
            dated.append(partition.model_copy(update=update))
        return tuple(dated)

    kinds = dict(information_schema._PARTITIONS_COLUMN_TYPES)
    columns = ", ".join(
        f"timestamp_micros(cast({item} as int64)) as {name}"
        if kinds[name] == "TIMESTAMP"
        else f"cast({item} as {kinds[name]}) as {name}"
        for place, name in enumerate(information_schema._PARTITIONS_COLUMNS)
        for item in [f"split(listed, ',')[offset({place})]"]
    )

    def listed(catalog: Any, project: str, dataset: str) -> str:
        rows = [
            f"{p.table_catalog},{p.table_schema},{p.table_name},{p.partition_id},{p.total_rows},"
            f"{p.total_logical_bytes},{p.last_modified_time.timestamp() * 1e6:.0f},{p.storage_tier}"
            for table in catalog.list_tables(project, dataset)
            if table.table_type == "TABLE"
            for p in catalog.list_partitions(project, dataset, table.table_id)
        ]
        if not rows:
            return information_schema._empty_partitions_values_subquery()
        # One literal: a row each would take the translator seconds.
        return f"(select {columns} from unnest(split('{'|'.join(rows)}', '|')) as listed)"

    qualify = default_dataset.qualify_unqualified_tables

    def qualified(sql: str, **options: Any) -> str:
        # All of its paths are whole, and written anew they are not known any more.
        return sql if "INFORMATION_SCHEMA" in sql else qualify(sql, **options)

    _replace(default_dataset, "qualify_unqualified_tables", qualified)
    _replace(partition_state, "_list_time_partitions", with_times)
    _replace(information_schema, "_partitions_as_values", listed)


def read_past_comments() -> None:
    """A quotation mark in a comment makes strings of what follows, and numbers of what is in strings."""
    rewrite: Any = vars(translator)["rewrite_decimal_literals"]

    def without_comments(sql: str) -> str:
        return re.sub(
            r"""(r?'(?:[^'\\]|\\.)*'|r?"(?:[^"\\]|\\.)*")|--[^\n]*|/\*.*?\*/""",
            r"\1",
            sql,
            flags=re.DOTALL,
        )

    _replace(translator, "rewrite_decimal_literals", lambda sql: rewrite(without_comments(sql)))


def translate_deep_nesting() -> None:
    """mask_pii nests one call per pattern; the translator is recursive."""
    sys.setrecursionlimit(20_000)


PLACE = {"line", "col", "start", "end"}


def parse_once() -> None:
    """A statement is parsed some twenty times on its way, by each step for itself: four fifths of the time."""
    parse = Dialect.parse

    @functools.lru_cache(maxsize=256)
    def parsed(dialect: Dialect, sql: str) -> list[exp.Expr | None]:
        trees = parse(dialect, sql)
        # The place in the text, which nobody asks for, is half of what a copy takes.
        for node in (node for tree in trees if tree for node in tree.walk()):
            if node._meta:
                kept = {name: node._meta[name] for name in node._meta.keys() - PLACE}
                node._meta = kept or None
        return trees

    def copied(self: Dialect, sql: str, **options: Any) -> list[exp.Expr | None]:
        if options:
            return parse(self, sql, **options)
        return [tree and tree.copy() for tree in parsed(self, sql)]

    _replace(Dialect, "parse", copied)


def collect_seldom() -> None:
    """Looking through all syntax trees for garbage, again and again, takes half of a translation."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def leave_the_types_of_logarithms() -> None:
    """Inferring the types of the evidence's sums takes minutes; they are asked for where decimals are averaged."""
    annotate = SQLTranslator._annotate_tree

    def annotated(tree: exp.Expression, schema: dict[str, Any]) -> exp.Expression:
        return tree if tree.find(exp.Ln) else annotate(tree, schema)

    _replace(SQLTranslator, "_annotate_tree", staticmethod(annotated))


def keep_the_brackets_of_whole_numbers_divided() -> None:
    """`div(a + 99, 100)` becomes `a + 99 // 100`."""

    def divided(generator: Any, node: exp.IntDiv) -> str:
        return f"(({generator.sql(node, 'this')}) // ({generator.sql(node, 'expression')}))"

    _replace(DuckDB.Generator, "TRANSFORMS", DuckDB.Generator.TRANSFORMS | {exp.IntDiv: divided})


def say_what_broke() -> None:
    """An error inside the emulator is a 500, which Google's client tries again for ten minutes."""
    install: Any = vars(api_app)["install_exception_handlers"]

    def installed(app: FastAPI) -> None:
        install(app)

        @app.exception_handler(Exception)
        async def refuse(_: Request, error: Exception) -> JSONResponse:
            message = f"bqemulator broke: {type(error).__name__}: {error}"[:500]
            details = [{"reason": "invalidQuery", "message": message, "location": "query"}]
            return JSONResponse(
                {"error": {"code": 400, "message": message, "errors": details}}, status_code=400
            )

    _replace(api_app, "install_exception_handlers", installed)


async def serve(port: int) -> None:
    server = EmulatorServer(
        Settings(rest_port=port, grpc_port=0, log_level=LogLevel.ERROR, admin_enabled=False)
    )
    await server.start()
    print(server.rest_url, flush=True)
    await asyncio.Event().wait()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    for correct in (
        work_offline,
        accept_googles_uploads,
        truncate_to_iso_weeks,
        create_tables_under_contract,
        overwrite_partitions,
        date_partitions,
        read_past_comments,
        translate_deep_nesting,
        parse_once,
        collect_seldom,
        leave_the_types_of_logarithms,
        keep_the_brackets_of_whole_numbers_divided,
        say_what_broke,
    ):
        correct()
    # DuckDB 2's advice to bqemulator; it concerns neither its answers nor us.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(serve(int(sys.argv[1]) if sys.argv[1:] else 0))

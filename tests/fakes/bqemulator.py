"""bqemulator 1.4.0 with the corrections that this project needs: `python -m tests.fakes.bqemulator PORT`.

Each correction says what the released version does instead. They are checked by tests/bigquery, which compares
the tables made on it with DuckDB's.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import warnings
from typing import Any

import bqemulator.api.app as api_app
import bqemulator.api.routes.upload as upload
import bqemulator.scripting.interpreter as interpreter
import bqemulator.sql.rewriter.aggregate_variants as aggregate_variants
import bqemulator.sql.rewriter.create_table_schema_ctas as schema_ctas
import sqlglot
from bqemulator.config import LogLevel, Settings
from bqemulator.server import EmulatorServer
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlglot import exp


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
            day = f"cast({node.this.sql('bigquery')} as date)"
            return exp.maybe_parse(
                f"date_sub({day}, interval mod(extract(dayofweek from {day}) + 5, 7) day)",
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


def translate_deep_nesting() -> None:
    """mask_pii nests one call per pattern; the translator is recursive."""
    sys.setrecursionlimit(20_000)


def leave_the_types_of_logarithms() -> None:
    """Inferring the types of the evidence's sums takes minutes; they are asked for where decimals are averaged."""
    annotate = SQLTranslator._annotate_tree

    def annotated(tree: exp.Expression, schema: dict[str, Any]) -> exp.Expression:
        return tree if tree.find(exp.Ln) else annotate(tree, schema)

    _replace(SQLTranslator, "_annotate_tree", staticmethod(annotated))


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
        translate_deep_nesting,
        leave_the_types_of_logarithms,
        say_what_broke,
    ):
        correct()
    # DuckDB 2's advice to bqemulator; it concerns neither its answers nor us.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(serve(int(sys.argv[1]) if sys.argv[1:] else 0))

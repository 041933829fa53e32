"""GoogleSQL itself: Google's analyzer and reference executor (ZetaSQL, compiled to WebAssembly).

It knows no table but those it is given, and runs in this process. What it refuses, BigQuery refuses; the rows it
answers are the rows that BigQuery would.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import wasmtime
from zetasql.core import wasm_client  # type: ignore[import-untyped]
from zetasql.wasi import get_wasm_path  # type: ignore[import-untyped]
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service  # type: ignore[import-untyped]
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2  # type: ignore[import-untyped]
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public_options_pb2  # type: ignore[import-untyped]
from zetasql.wasi._pb2.zetasql.public import type_pb2, value_pb2

from tests.once import made_once

Row = dict[str, Any]

_KINDS = {
    "STRING": type_pb2.TYPE_STRING,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "BOOL": type_pb2.TYPE_BOOL,
    "DATE": type_pb2.TYPE_DATE,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_EPOCH = date(1970, 1, 1)
_PARTITIONS_PATH = re.compile(r"`([^`]+\.INFORMATION_SCHEMA\.PARTITIONS)`")
PARTITIONS = {
    "table_catalog": "STRING",
    "table_schema": "STRING",
    "table_name": "STRING",
    "partition_id": "STRING",
    "total_rows": "INT64",
    "total_logical_bytes": "INT64",
    "last_modified_time": "TIMESTAMP",
    "storage_tier": "STRING",
}
_QUOTED_PATH = re.compile(r"`([^`]+)`\.`([^`]+)`\.`([^`]+)`")


class GoogleSql:
    """Tables, with or without rows, and the queries on them.

    `cache` is the folder that keeps the machine code of the WebAssembly module: half a minute to make.
    """

    def __init__(self, cache: Path) -> None:
        self._client = _load_client(cache)
        self._tables: dict[str, dict[str, type_pb2.TypeProto]] = {}
        self._rows: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._contents: dict[str, Any] = {}  # of tables that a query has read or made, encoded
        language = self._call(
            "GetLanguageOptions",
            service.LanguageOptionsRequest(maximum_features=True),
            options_pb2.LanguageOptionsProto,
        )
        language.product_mode = public_options_pb2.PRODUCT_EXTERNAL  # the types that BigQuery has
        del language.supported_statement_kinds[:]
        language.reserved_keywords.append("QUALIFY")  # as in BigQuery
        self._language = language
        self._options = self._call(
            "GetAnalyzerOptions", service.AnalyzerOptionsRequest(), options_pb2.AnalyzerOptionsProto
        )
        self._options.language_options.CopyFrom(language)
        self._options.default_timezone = "UTC"
        self._options.error_message_mode = public_options_pb2.ERROR_MESSAGE_ONE_LINE

    def table(
        self, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        """Add or replace `project.dataset.table`; `columns` are names and types such as `ARRAY<INT64>`."""
        self._tables[name] = {column: _type(kind) for column, kind in columns.items()}
        self._rows[name] = list(rows)
        self._contents.pop(name, None)

    def table_as(self, name: str, sql: str) -> list[Row]:
        """Add or replace `project.dataset.table` by a query's columns and rows, and give the rows."""
        columns, content = self._evaluated(sql)
        self._tables[name] = {column.name: column.type for column in columns}
        self._contents[name] = content
        return _rows(columns, content)

    def columns(self, sql: str) -> dict[str, str]:
        """The names and types of a query's columns. Raises whatever the analyzer has against it."""
        with self._prepared(sql, has_rows=False) as query:
            return {column.name: _name(column.type) for column in query.columns}

    def rows(self, sql: str) -> list[Row]:
        """The rows of a query, executed by the reference implementation."""
        return _rows(*self._evaluated(sql))

    def value(self, expression: str) -> Any:
        """What a constant expression is."""
        return self.rows(f"select {expression} as value")[0]["value"]

    def _evaluated(self, sql: str) -> tuple[Any, Any]:
        """The columns of a query, and its rows as they are encoded."""
        with self._prepared(sql, has_rows=True) as query:
            request = service.EvaluateQueryRequest(prepared_query_id=query.prepared_query_id)
            answer = self._call("EvaluateQuery", request, service.EvaluateQueryResponse)
            return query.columns, answer.content

    @contextmanager
    def _prepared(self, sql: str, *, has_rows: bool) -> Iterator[Any]:
        # Not the service's Analyze: its answer holds the whole tree, too deep for protobuf to read.
        sql = _QUOTED_PATH.sub(r"`\1.\2.\3`", sql)
        for name in _PARTITIONS_PATH.findall(sql):
            if name not in self._tables:
                self.table(name, PARTITIONS)
        request = service.PrepareQueryRequest(
            sql=sql,
            options=self._options,
            simple_catalog=self._catalog(),
            descriptor_pool_list=_builtin_pool(),
        )
        for name in self._tables if has_rows else ():
            if name in sql:
                request.table_content[name].CopyFrom(self._content(name))
        query = self._call("PrepareQuery", request, service.PrepareQueryResponse).prepared
        try:
            yield query
        finally:
            self._call(
                "UnprepareQuery",
                service.UnprepareQueryRequest(prepared_query_id=query.prepared_query_id),
            )

    def _content(self, name: str) -> Any:
        """What a table holds, encoded once for all queries."""
        if name not in self._contents:
            content = service.TableContent()
            content.table_data.SetInParent()
            for row in self._rows[name]:
                cells = content.table_data.row.add().cell
                for column, kind in self._tables[name].items():
                    cells.add().CopyFrom(_encoded(row.get(column), kind))
            self._contents[name] = content
        return self._contents[name]

    def _catalog(self) -> Any:
        # Flat, because the service attaches rows to tables of the root only.
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="root")
        catalog.builtin_function_options.language_options.CopyFrom(self._language)
        for name, columns in self._tables.items():
            table = catalog.table.add(name=name, full_name=name, name_in_catalog=name)
            for column, kind in columns.items():
                table.column.add(name=column, type=kind)
        return catalog

    def _call(self, method: str, request: Any, *response: Any) -> Any:
        return self._client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, *response)


def _rows(columns: Any, content: Any) -> list[Row]:
    return [
        {
            column.name: _decoded(cell, column.type)
            for column, cell in zip(columns, row.cell, strict=True)
        }
        for row in content.table_data.row
    ]


def _builtin_pool() -> Any:
    pools = service.DescriptorPoolListProto()
    pools.definitions.add().builtin.SetInParent()
    return pools


def _type(name: str) -> type_pb2.TypeProto:
    kind = type_pb2.TypeProto()
    if item := re.fullmatch(r"ARRAY<(\w+)>", name.upper()):
        kind.type_kind = type_pb2.TYPE_ARRAY
        kind.array_type.element_type.CopyFrom(_type(item[1]))
    else:
        kind.type_kind = _KINDS[name.upper()]
    return kind


def _name(kind: type_pb2.TypeProto) -> str:
    if kind.type_kind == type_pb2.TYPE_ARRAY:
        return f"ARRAY<{_name(kind.array_type.element_type)}>"
    return _NAMES[kind.type_kind]


def _encoded(value: Any, kind: type_pb2.TypeProto) -> value_pb2.ValueProto:
    proto = value_pb2.ValueProto()
    match _NAMES.get(kind.type_kind), value:
        case _, None:
            pass
        case "STRING", _:
            proto.string_value = value
        case "INT64", _:
            proto.int64_value = value
        case "FLOAT64", _:
            proto.double_value = value
        case "BOOL", _:
            proto.bool_value = value
        case "DATE", _:
            proto.date_value = (value - _EPOCH).days
        case "TIMESTAMP", _:
            proto.timestamp_value.FromDatetime(value.astimezone(UTC).replace(tzinfo=None))
        case None, _:
            proto.array_value.SetInParent()
            for item in value:
                proto.array_value.element.add().CopyFrom(
                    _encoded(item, kind.array_type.element_type)
                )
    return proto


def _decoded(proto: value_pb2.ValueProto, kind: type_pb2.TypeProto) -> Any:
    field = proto.WhichOneof("value")
    match _NAMES.get(kind.type_kind):
        case _ if field is None:
            return None
        case "DATE":
            return _EPOCH + timedelta(days=proto.date_value)
        case "TIMESTAMP":
            value: datetime = proto.timestamp_value.ToDatetime(tzinfo=UTC)
            return value
        case "NUMERIC":  # of a unit test's fixture, where the local endpoint takes a sum for one
            return int.from_bytes(proto.numeric_value, "little", signed=True) / 1e9
        case None:
            element = kind.array_type.element_type
            return [_decoded(item, element) for item in proto.array_value.element]
        case _:
            return getattr(proto, field)


def _load_client(cache: Path) -> wasm_client.WasmClient:
    """The service, with its module from the cache and with memory copied whole instead of byte by byte."""

    class CachedModule:
        @staticmethod
        def from_file(engine: wasmtime.Engine, path: str) -> wasmtime.Module:
            versions = [importlib.metadata.version(name) for name in ("zetasql", "wasmtime")]
            key = hashlib.sha256("-".join(versions).encode()).hexdigest()[:12]
            compiled = cache / f"zetasql-{key}.cwasm"
            with made_once(compiled):
                if not compiled.exists():
                    unfinished = compiled.with_suffix(f".{os.getpid()}")
                    unfinished.write_bytes(wasmtime.Module.from_file(engine, path).serialize())
                    unfinished.replace(compiled)
            return wasmtime.Module.deserialize_file(engine, str(compiled))

    class Client(wasm_client.WasmClient):  # type: ignore[misc]
        def _address(self) -> int:
            return ctypes.addressof(self.memory.data_ptr().contents)

        def write_bytes(self, ptr: int, data: bytes) -> None:
            ctypes.memmove(self._address() + ptr, data, len(data))

        def read_bytes(self, ptr: int, size: int) -> bytes:
            return ctypes.string_at(self._address() + ptr, size)

    wasm_client.Module = CachedModule
    return Client(str(get_wasm_path()))

"""Lets the forks' dbt do once what it does for each query and each event: a third of a build.

What dbt parses, builds and writes is the same; only its own work in Python is kept, for one process or for all forks.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, SimpleNamespace
from typing import Any, TextIO

# The only event below `info` that flows.warehouse.dbt_server asks for.
LISTENED_TO = "SQLQueryStatus"


def do_things_once() -> None:
    """Before the first invocation."""
    from dbt_common.tests import enable_test_caching

    enable_test_caching()  # of macros that dbt has parsed: a fork parses none of them again
    _keep_type_testers()
    _keep_compiled_templates()
    _keep_contexts_of_macros()
    _keep_namespaces()
    _keep_what_jinja_may_read()
    _make_no_event_that_is_dropped()
    _write_json_at_once()


def compile_macros(manifest: Any) -> None:
    """Compile all macros of a project that has been read: the parser needs few of them, a build most."""
    from dbt_common.clients.jinja import template_cache

    for macro in manifest.macros.values():
        template_cache.get_node_template(macro)


def _replace(owner: Any, name: str, by: object) -> None:
    setattr(owner, name, by)


def _keep_type_testers() -> None:
    """Each thread compiles agate's patterns of dates once, not for each query."""
    from dbt_common.clients import agate_helper

    of_thread = threading.local()
    build = agate_helper.build_type_tester

    def kept(
        text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")
    ) -> Any:
        columns = tuple(text_columns)
        key = (columns, None if string_null_values is None else tuple(string_null_values))
        testers = of_thread.__dict__.setdefault("testers", {})
        if key not in testers:
            testers[key] = build(columns, string_null_values)
        return testers[key]

    _replace(agate_helper, "build_type_tester", kept)


def _keep_compiled_templates() -> None:
    """A model's Jinja is compiled once, not each time that it is rendered."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    compile_anew = MacroFuzzEnvironment.compile
    kept: dict[tuple[type, str], CodeType] = {}

    def compile(self: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        if arguments or options or not isinstance(source, str):
            return compile_anew(self, source, *arguments, **options)
        key = (type(self), source)
        if key not in kept:
            kept[key] = compile_anew(self, source)
        return kept[key]

    _replace(MacroFuzzEnvironment, "compile", compile)


def _keep_contexts_of_macros() -> None:
    """Each thread builds what a macro sees once an invocation, not for each call: seven hundred objects."""
    from dbt.adapters.base.impl import BaseAdapter

    of_thread = threading.local()
    set_generator = BaseAdapter.set_macro_context_generator

    def keep(generate: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def generated(
            macro: Any, config: Any, manifest: Any, package: str | None
        ) -> dict[str, Any]:
            invocation = (config, manifest)
            kept = getattr(of_thread, "kept", None)
            if kept is None or any(
                one is not other for one, other in zip(kept[0], invocation, strict=True)
            ):
                kept = of_thread.kept = (invocation, {})
            contexts: dict[tuple[str, str | None], tuple[dict[str, Any], dict[str, Any]]] = kept[1]
            key = (macro.unique_id, package)
            if key not in contexts:
                context = generate(macro, config, manifest, package)
                contexts[key] = (context, dict(context))
            context, as_built = contexts[key]
            context.clear()  # the caller may have added to it
            context.update(as_built)
            return context

        return generated

    def set_kept_generator(self: Any, generate: Callable[..., dict[str, Any]]) -> None:
        set_generator(self, keep(generate))

    _replace(BaseAdapter, "set_macro_context_generator", set_kept_generator)


def _keep_namespaces() -> None:
    """The macros by name are searched for in five dictionaries once, not for each name."""
    from dbt.context.macros import MacroNamespace

    def by_name(self: Any) -> dict[str, Any]:
        if "_by_name" not in self.__dict__:
            self._by_name = {}
            for found in reversed(list(self._search_order())):
                self._by_name.update(found)
        kept: dict[str, Any] = self._by_name
        return kept

    def names(self: Any) -> Iterator[str]:
        return iter(by_name(self))

    def member(self: Any, name: str) -> Any:
        return by_name(self)[name]

    _replace(MacroNamespace, "__iter__", names)
    _replace(MacroNamespace, "__getitem__", member)


def _keep_what_jinja_may_read() -> None:
    """Whether an attribute is one of Python's own depends on the object's type and on the name."""
    from jinja2 import sandbox

    is_internal = sandbox.is_internal_attribute
    kept: dict[tuple[type, str], bool] = {}

    def is_internal_attribute(value: Any, name: str) -> bool:
        key = (type(value), name)
        if key not in kept:
            kept[key] = is_internal(value, name)
        return kept[key]

    _replace(sandbox, "is_internal_attribute", is_internal_attribute)


def _make_no_event_that_is_dropped() -> None:
    """Of events below the level of the log, dbt makes messages and lines, and then drops them."""
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event
    below_info = (EventLevel.DEBUG, EventLevel.TEST)

    def fire_event(self: Any, event: Any, level: Any = None, *rest: Any, **options: Any) -> None:
        if (
            (level or event.level_tag()) in below_info
            and type(event).__name__ != LISTENED_TO
            and not any(log.level in below_info for log in self.loggers)
        ):
            return
        fire(self, event, level, *rest, **options)

    _replace(EventManager, "fire_event", fire_event)


def _write_json_at_once() -> None:
    """`json.dumps` is C; `json.dump` takes each value of the manifest through Python."""
    from dbt_common.clients import system

    def dump(value: Any, file: TextIO, **options: Any) -> None:
        file.write(json.dumps(value, **options))

    _replace(system, "json", SimpleNamespace(dump=dump, load=json.load))

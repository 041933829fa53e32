"""The table of personal data, and the SQL that masks it on each database."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT_FILE = ROOT / "dbt_project.yml"
CASES = yaml.safe_load((ROOT / "tests/data/pii_cases.yml").read_text(encoding="utf-8"))
# Written by people who had not seen the patterns.
STRANGERS = yaml.safe_load((ROOT / "tests/data/pii_strangers.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class MaskedCase:
    """A text, what must become of it, and the pieces of personal data in it."""

    text: str
    expected: str
    secrets: tuple[str, ...]


def _masked_case(heading: str, marked: str) -> MaskedCase:
    mark = re.compile("«(?:([가-힣IP]+)=)?(.+?)»", re.DOTALL)
    return MaskedCase(
        text=mark.sub(r"\2", marked),
        expected=mark.sub(lambda m: f"[{m[1] or heading}]", marked),
        secrets=tuple(m[2] for m in mark.finditer(marked)),
    )


MASKED = [
    _masked_case(heading, marked) for heading, rows in CASES["masked"].items() for marked in rows
]
UNCHANGED = [text for rows in CASES["unchanged"].values() for text in rows]
RESPELLED = list(CASES["respelled"].items())
STRANGERS_MASKED: dict[str, list[str]] = {c["text"]: c["secret"] for c in STRANGERS["masked"]}
STRANGERS_KEPT = [case["text"] for case in STRANGERS["kept"]]

# One of each form that needs no keyword, to be put side by side.
SIDE_BY_SIDE = (
    "hong@naver.com",
    "https://x.com/a?token=abc123",
    "192.168.10.21",
    "900101-1234567",
    "9001011234567",
    "1234-5678-9012-3456",
    "1234567890123456",
    "3782-822463-10005",
    "+82 10-1234-5678",
    "010-1234-5678",
    "01098765432",
    "(02) 345-6789",
    "0212345678",
    "031-987-6543",
    "0505-123-4567",
    "1588-1234",
    "16001234",
    "123-45-67890",
    "110-123-456789",
    "302-1234-5678-91",
    "3333-01-1234567",
)
PAIRS = [
    first + separator + second
    for first, second in itertools.product(SIDE_BY_SIDE, repeat=2)
    for separator in (" ", ",", ", ", "/", " / ", "\n", "와 ", "(", ";", "|", " - ", "입니다.")
]


DUCKDB = {"type": "duckdb", "path": ":memory:"}
BIGQUERY = {
    "type": "bigquery",
    "method": "oauth-secrets",
    "token": "unused",
    "project": "unused",
    "dataset": "unused",
}


def mask_sql(folder: Path, connection: dict[str, Any]) -> str:
    """What dbt makes of the macro on one database, without connecting to it.

    In a project that has the real variables and macros only: models under change cannot fail this.
    """
    from dbt.cli.main import dbtRunner

    shutil.copytree(ROOT / "dbt_project/macros", folder / "macros")
    project = {
        "name": "voc_analyst",
        "profile": "voc_analyst",
        "macro-paths": ["macros"],
        "vars": yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"],
    }
    profiles = {"voc_analyst": {"target": "only", "outputs": {"only": connection}}}
    for name, content in {"dbt_project.yml": project, "profiles.yml": profiles}.items():
        # Not sorted: a part in pii_parts may contain those above it.
        (folder / name).write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    result = dbtRunner().invoke(
        [
            "compile",
            *("--inline", "select id, {{ mask_pii('text') }} as masked from cases"),
            *("--project-dir", str(folder), "--profiles-dir", str(folder)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--no-introspect", "--no-populate-cache", "--no-send-anonymous-usage-stats"),
            # A log file would stay open until dbt's next invocation.
            *("--quiet", "--log-level-file", "none"),
        ]
    )
    assert result.success, result.exception
    compiled: Any = result.result
    return str(compiled.results[0].node.compiled_code)

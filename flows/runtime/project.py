"""Reads variables of dbt_project.yml, which SQL and Python share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows import PROJECT_ROOT
from flows.runtime.errors import UsageError

PROJECT_FILE = PROJECT_ROOT / "dbt_project.yml"


def project_variable(name: str, project_file: Path | None = None) -> Any:
    """A variable's value. Raises UsageError if the file is unusable or the variable missing or empty."""
    project_file = project_file or PROJECT_FILE
    try:
        project = yaml.load(project_file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except OSError as error:
        raise UsageError(f"{project_file} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{project_file} is not valid YAML: {error}") from None
    variables = project.get("vars") if isinstance(project, Mapping) else None
    if not isinstance(variables, Mapping) or variables.get(name) in (None, "", [], {}):
        raise UsageError(f"{project_file} has no var {name}. Restore it from the repository.")
    return variables[name]

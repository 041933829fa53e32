"""The weekly VOC report: SQL decides, this package delivers."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent

# The folder with dbt_project.yml and dbt's other files: the repository, or what a wheel carries (pyproject.toml).
PROJECT_ROOT = _HERE.parent if (_HERE.parent / "dbt_project.yml").is_file() else _HERE / "project"

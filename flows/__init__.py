"""The weekly VOC report: SQL decides, this package delivers."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent

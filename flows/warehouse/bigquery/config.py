"""Where the source and the models are on BigQuery, what a job may bill, and whose credentials a run uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BigQueryConfig:
    """The tables of one installation.

    Args:
        source_table: project.dataset.table of the classified tickets.
        project: project that runs the jobs and holds the models.
        dataset: dataset that the models are written to.
        location: location of both.
        max_bytes_billed: bytes that one job may bill.
        internal_dataset: dataset for what is no mart; None where it is the same.
        readers: who may read the marts, such as group:analysts@example.com; without readers grants are left alone.
    """

    source_table: str
    project: str
    dataset: str
    location: str
    max_bytes_billed: int
    internal_dataset: str | None = None
    readers: tuple[str, ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that a run writes to."""
        return tuple(dict.fromkeys((self.dataset, self.internal_dataset or self.dataset)))


@dataclass(frozen=True)
class CredentialsConfig:
    """A Prefect block or a key file; without either the machine's own credentials (ADC, workload identity)."""

    block: str | None = None
    key_file: Path | None = None

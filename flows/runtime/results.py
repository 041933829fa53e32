"""Where Prefect keeps results between runs: answers from LaaS, and posts that Slack does not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.runtime.workspace import private_folder

if TYPE_CHECKING:
    from prefect.filesystems import WritableFileSystem
    from prefect_gcp import GcpCredentials


@dataclass(frozen=True)
class ResultsStorage:
    """VOC_STATE_URI: a folder, or gs://bucket/folder with the credentials to write there."""

    uri: str
    credentials: Callable[[], GcpCredentials]

    def of(self, kind: str) -> Path | WritableFileSystem:
        """The storage for Prefect's results of one kind."""
        if not self.uri.startswith("gs://"):
            return private_folder(Path(self.uri).resolve() / kind)
        # prefect_gcp takes many seconds to import: only a bucket needs it.
        from prefect_gcp import GcsBucket

        bucket, _, folder = self.uri.removeprefix("gs://").partition("/")
        storage: WritableFileSystem = GcsBucket(
            bucket=bucket,
            bucket_folder=f"{folder}/{kind}".lstrip("/"),
            gcp_credentials=self.credentials(),
        )
        # Prefect accepts only a saved block. `_sync`: in a flow this would be a coroutine that is never awaited.
        storage.save(f"voc-state-{kind}", overwrite=True, _sync=True)  # type: ignore[call-arg]
        return storage

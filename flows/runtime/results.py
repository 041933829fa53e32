"""Where Prefect keeps results between runs: LaaS's answers, and posts that Slack does not show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.runtime.settings import Settings
from flows.runtime.workspace import private_folder
from flows.warehouse.bigquery.credentials import google_credentials

if TYPE_CHECKING:
    from prefect.filesystems import WritableFileSystem


def results_storage(settings: Settings, kind: str) -> Path | WritableFileSystem:
    """A storage for Prefect's results of one kind: VOC_STATE_URI, a folder or gs://bucket/folder."""
    uri = settings.state_uri or str(settings.home / "state")
    if not uri.startswith("gs://"):
        return private_folder(Path(uri).resolve() / kind)
    # prefect_gcp takes many seconds to import: only a bucket pays for it.
    from prefect_gcp import GcsBucket

    bucket, _, folder = uri.removeprefix("gs://").partition("/")
    storage: WritableFileSystem = GcsBucket(
        bucket=bucket,
        bucket_folder=f"{folder}/{kind}".lstrip("/"),
        gcp_credentials=google_credentials(settings),
    )
    # Prefect takes only a saved block. `_sync`: in a flow this would be a coroutine that nobody awaits.
    storage.save(f"voc-state-{kind}", overwrite=True, _sync=True)  # type: ignore[call-arg]
    return storage

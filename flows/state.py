"""Where LaaS answers are kept between runs, so that a rerun does not ask again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.settings import Settings
from flows.workspace import private_folder

if TYPE_CHECKING:
    from prefect.filesystems import WritableFileSystem


def answers_storage(settings: Settings) -> Path | WritableFileSystem:
    """A storage for Prefect task results: VOC_STATE_URI, a folder or gs://bucket/folder."""
    uri = settings.state_uri or str(settings.home / "state")
    if not uri.startswith("gs://"):
        return private_folder(Path(uri).resolve() / "laas")
    # prefect_gcp takes many seconds to import: only a bucket pays for it.
    from prefect_gcp import GcsBucket

    bucket, _, folder = uri.removeprefix("gs://").partition("/")
    storage: WritableFileSystem = GcsBucket(
        bucket=bucket, bucket_folder=f"{folder}/laas".lstrip("/")
    )
    storage.save("voc-state", overwrite=True)
    return storage

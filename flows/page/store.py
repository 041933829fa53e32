"""Where pages are put: a folder, or a bucket of Google Cloud Storage. VOC_REPORT_BUCKET names either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from flows.runtime.errors import UsageError
from flows.runtime.settings import Settings
from flows.runtime.workspace import Workspace, write_private
from flows.warehouse.bigquery.credentials import google_credentials

if TYPE_CHECKING:
    from google.cloud.storage import Bucket

REQUEST_TIMEOUT_SECONDS = 30
_CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json"}


class PageStore(Protocol):
    """Files by name. Every method raises UsageError with one line that says what to do."""

    def read(self, name: str) -> str | None:
        """What was written under the name, if anything was."""

    def write(self, name: str, text: str) -> None:
        """Write the file whole, in place of an earlier one."""

    def names(self) -> set[str]:
        """The files that are there."""

    def url(self, name: str) -> str | None:
        """The address under which people see a file, where they can."""

    def where(self, name: str) -> str:
        """A file's path, or its gs:// address."""


class FolderStore:
    """A folder whose files only their owner can read: they hold customers' words."""

    def __init__(self, path: Path, public_url: str | None = None) -> None:
        self.path = path
        self._public_url = public_url

    def read(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{self.path / name} cannot be read. Remove it.") from None

    def write(self, name: str, text: str) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self.path / name, text)
        except OSError as error:
            raise UsageError(
                f"cannot write to {self.path}: {error.strerror}. Choose a folder you may write."
            ) from None

    def names(self) -> set[str]:
        return {path.name for path in self.path.glob("*.*")}

    def url(self, name: str) -> str | None:
        return _joined(self._public_url, name)

    def where(self, name: str) -> str:
        return str(self.path / name)


class BucketStore:
    """A folder of a bucket, with the credentials of BigQuery."""

    def __init__(self, settings: Settings, name: str, folder: str, public_url: str | None) -> None:
        self._settings = settings
        self._name = name
        self._prefix = f"{folder}/" if folder else ""
        self._public_url = public_url

    @cached_property
    def _bucket(self) -> Bucket:
        # Prefect's GcsBucket would write files of no content type, which browsers save instead of showing, and
        # ask for the bucket first, which roles/storage.objectUser does not allow.
        client = google_credentials(self._settings).get_cloud_storage_client(
            project=self._settings.jobs_project
        )
        bucket: Bucket = client.bucket(self._name)
        return bucket

    def read(self, name: str) -> str | None:
        from google.api_core.exceptions import NotFound

        with self._explained():
            try:
                blob = self._bucket.blob(self._prefix + name)
                text: str = blob.download_as_text(
                    encoding="utf-8", timeout=REQUEST_TIMEOUT_SECONDS, retry=None
                )
            except NotFound:
                return None
            return text

    def write(self, name: str, text: str) -> None:
        with self._explained():
            blob = self._bucket.blob(self._prefix + name)
            # People reload the page while its analyses are being written.
            blob.cache_control = "no-cache"
            blob.upload_from_string(
                text,
                content_type=_CONTENT_TYPES[Path(name).suffix],
                timeout=REQUEST_TIMEOUT_SECONDS,
                retry=None,
            )

    def names(self) -> set[str]:
        with self._explained():
            found = self._bucket.list_blobs(
                prefix=self._prefix, delimiter="/", timeout=REQUEST_TIMEOUT_SECONDS, retry=None
            )
            return {blob.name.removeprefix(self._prefix) for blob in found}

    def url(self, name: str) -> str | None:
        return _joined(self._public_url, name)

    def where(self, name: str) -> str:
        return f"gs://{self._name}/{self._prefix}{name}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn Google's errors into one line. Their own words may quote what was being written."""
        from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        try:
            yield
        except (Forbidden, NotFound, Unauthorized):
            raise UsageError(
                f"gs://{self._name} does not exist, or the role roles/storage.objectUser on it is missing. "
                "Mend VOC_REPORT_BUCKET, or grant it."
            ) from None
        except (GoogleAPIError, GoogleAuthError, RequestException) as error:
            raise UsageError(
                f"gs://{self._name} cannot be reached ({type(error).__name__}). Try again.",
                is_passing=True,
            ) from None


def open_page_store(
    settings: Settings, workspace: Workspace, *, dry_run: bool = False
) -> PageStore:
    """Where the pages on a source go; a file has a folder of its own. What a dry run writes nobody else sees."""
    source = "" if workspace.duckdb_path is None else workspace.folder.name
    if dry_run:
        return FolderStore(settings.home.resolve() / "dry-run" / source)
    uri = settings.report_bucket or str(settings.home / "reports")
    if not uri.startswith("gs://"):
        return FolderStore(Path(uri).resolve() / source, _joined(settings.report_url, source))
    name, _, folder = uri.removeprefix("gs://").partition("/")
    # Google's own address asks for an account that may read the bucket.
    own_url = _joined(f"https://storage.cloud.google.com/{name}", folder.strip("/"))
    return BucketStore(
        settings,
        name,
        "/".join(filter(None, (folder.strip("/"), source))),
        _joined(settings.report_url or own_url, source),
    )


def _joined(url: str | None, path: str) -> str | None:
    return url and f"{url.rstrip('/')}/{quote(path)}".rstrip("/")

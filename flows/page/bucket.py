"""A bucket of Google Cloud Storage as a place for pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flows.page.store import joined_url
from flows.runtime.errors import UsageError
from flows.warehouse.bigquery.config import CredentialsConfig
from flows.warehouse.bigquery.credentials import google_credentials

if TYPE_CHECKING:
    from google.cloud.storage import Bucket

REQUEST_TIMEOUT_SECONDS = 30
_CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json"}


class BucketStore:
    """A folder of a bucket."""

    def __init__(
        self,
        credentials: CredentialsConfig,
        project: str,
        name: str,
        folder: str,
        public_url: str | None,
        setting: str = "VOC_REPORT_BUCKET",
    ) -> None:
        self._credentials = credentials
        self._project = project
        self._name = name
        self._prefix = f"{folder}/" if folder else ""
        self._public_url = public_url
        self._setting = setting

    @cached_property
    def _bucket(self) -> Bucket:
        # Prefect's GcsBucket would write files without a content type, which browsers save instead of showing, and
        # ask for the bucket first, which roles/storage.objectUser does not allow.
        from google.cloud.storage import Client

        client = Client(project=self._project, credentials=google_credentials(self._credentials))
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

    def names(self, before: datetime | None = None) -> set[str]:
        with self._explained():
            found = self._bucket.list_blobs(
                prefix=self._prefix, delimiter="/", timeout=REQUEST_TIMEOUT_SECONDS, retry=None
            )
            return {
                blob.name.removeprefix(self._prefix)
                for blob in found
                if before is None or blob.updated < before
            }

    def remove(self, name: str) -> None:
        from google.api_core.exceptions import NotFound

        with self._explained(), suppress(NotFound):
            self._bucket.blob(self._prefix + name).delete(
                timeout=REQUEST_TIMEOUT_SECONDS, retry=None
            )

    def url(self, name: str) -> str | None:
        return joined_url(self._public_url, name)

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
                f"Fix {self._setting}, or grant it."
            ) from None
        except (GoogleAPIError, GoogleAuthError, RequestException) as error:
            raise UsageError(
                f"gs://{self._name} cannot be reached ({type(error).__name__}). Try again.",
                is_passing=True,
            ) from None

"""Google credentials: from a named Prefect block, from a key file, or the machine's own (ADC).

prefect_gcp takes many seconds to import (aiplatform among others). Only a named block, and answers kept in a bucket,
need it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flows.runtime.errors import SourceError
from flows.warehouse.bigquery.config import CredentialsConfig

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from prefect_gcp import GcpCredentials

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def google_credentials(config: CredentialsConfig) -> Credentials:
    """The first of: the block, the key file, ADC or workload identity.

    Raises SourceError when the named credentials cannot be used, or when there are no credentials.
    """
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    credentials: Credentials
    if config.block:
        credentials = _block(config.block).get_credentials_from_service_account()
        return credentials
    if config.key_file:
        # Google's library takes a key of any kind from there, and only from there; it does not read .env.
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(config.key_file)
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except (ValueError, OSError, GoogleAuthError):
        raise SourceError(
            f"the key file {config.key_file} is missing or not a Google key. Fix GOOGLE_APPLICATION_CREDENTIALS."
            if config.key_file
            else "no Google credentials. Run gcloud auth application-default login, or set "
            "GOOGLE_APPLICATION_CREDENTIALS or VOC_GCP_CREDENTIALS_BLOCK."
        ) from None
    return credentials


def credentials_block(config: CredentialsConfig) -> GcpCredentials:
    """The same credentials as a Prefect block, for Prefect's own storage. Raises SourceError."""
    if config.block:
        return _block(config.block)
    from prefect_gcp import GcpCredentials

    google_credentials(config)  # the block would fail late, in its own words
    return GcpCredentials(service_account_file=config.key_file)


def access_token(config: CredentialsConfig) -> str:
    """A token that is valid for an hour. Raises SourceError or GoogleAuthError."""
    from google.auth.transport.requests import Request

    credentials = google_credentials(config)
    credentials.refresh(Request())  # type: ignore[no-untyped-call]
    return str(credentials.token)


def _block(name: str) -> Any:
    from google.auth.exceptions import GoogleAuthError
    from httpx import HTTPError
    from prefect_gcp import GcpCredentials

    try:
        return GcpCredentials.load(name, _sync=True)
    except (ValueError, OSError, RuntimeError, HTTPError, GoogleAuthError):
        # The reason may quote the key.
        raise SourceError(
            f"the Prefect block gcp-credentials/{name} cannot be loaded. "
            "Create it in the Prefect UI, start the Prefect server, or unset VOC_GCP_CREDENTIALS_BLOCK."
        ) from None

"""Whose credentials a run uses: a named Prefect block, a key file, or what the machine has (ADC).

prefect_gcp takes many seconds to import, httpx a noticeable part of one: they are imported late, so that only runs on
BigQuery pay for them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from google.auth.exceptions import GoogleAuthError

from flows.runtime.errors import SourceError
from flows.runtime.settings import Settings
from flows.warehouse.bigquery.refusals import explain

if TYPE_CHECKING:
    from prefect_gcp import GcpCredentials


def google_credentials(settings: Settings) -> GcpCredentials:
    """The first of: block VOC_GCP_CREDENTIALS_BLOCK, GOOGLE_APPLICATION_CREDENTIALS, ADC or workload identity.

    Raises SourceError when the one that is named cannot be used, or when there is none.
    """
    from httpx import HTTPError
    from prefect_gcp import GcpCredentials

    block, key_file = settings.gcp_credentials_block, settings.google_application_credentials
    if block:
        try:
            return cast("GcpCredentials", GcpCredentials.load(block, _sync=True))
        except (ValueError, OSError, RuntimeError, HTTPError, GoogleAuthError):
            # The reason may quote the key.
            raise SourceError(
                f"the Prefect block gcp-credentials/{block} cannot be loaded. "
                "Create it in the Prefect UI, start the Prefect server, or unset VOC_GCP_CREDENTIALS_BLOCK."
            ) from None
    if key_file:
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(key_file)  # .env is not read by Google
    try:
        return GcpCredentials()
    except (ValueError, OSError, GoogleAuthError):
        raise SourceError(
            f"the key file {key_file} is missing or no Google key. Mend GOOGLE_APPLICATION_CREDENTIALS."
            if key_file
            else "no Google credentials. Run gcloud auth application-default login, or set "
            "GOOGLE_APPLICATION_CREDENTIALS or VOC_GCP_CREDENTIALS_BLOCK."
        ) from None


def dbt_credentials(settings: Settings) -> dict[str, str]:
    """The variables that let profiles.yml use the same credentials: of a block, a token that is good for an hour."""
    if settings.gcp_credentials_block:
        try:
            token = google_credentials(settings).get_access_token()
        except GoogleAuthError as error:
            raise explain(error, settings) from None
        return {
            "VOC_BIGQUERY_METHOD": "oauth-secrets",
            "DBT_ENV_SECRET_BIGQUERY_TOKEN": token,
        }
    if settings.google_application_credentials:
        return {"GOOGLE_APPLICATION_CREDENTIALS": str(settings.google_application_credentials)}
    return {}

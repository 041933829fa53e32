"""Whose credentials a run uses: a named Prefect block, a key file, or what the machine has (ADC).

prefect_gcp takes many seconds to import: every import of it is late, so that only runs on BigQuery pay for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from flows.errors import SourceError
from flows.settings import Settings

if TYPE_CHECKING:
    from prefect_gcp import GcpCredentials


def google_credentials(settings: Settings) -> GcpCredentials:
    """The first of: block VOC_GCP_CREDENTIALS_BLOCK, GOOGLE_APPLICATION_CREDENTIALS, ADC or workload identity.

    Raises SourceError when the one that is named cannot be used, or when there is none.
    """
    from google.auth.exceptions import GoogleAuthError
    from prefect_gcp import GcpCredentials

    block, key_file = settings.gcp_credentials_block, settings.google_application_credentials
    if block:
        try:
            return cast("GcpCredentials", GcpCredentials.load(block, _sync=True))
        except (ValueError, GoogleAuthError):
            # The reason may quote the key.
            raise SourceError(
                f"the Prefect block gcp-credentials/{block} is missing or unusable. "
                "Create it in the Prefect UI, or unset VOC_GCP_CREDENTIALS_BLOCK."
            ) from None
    if key_file:
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(key_file)  # .env is not read by Google
    try:
        return GcpCredentials()
    except (ValueError, GoogleAuthError):
        raise SourceError(
            f"the key file {key_file} is missing or no Google key. Mend GOOGLE_APPLICATION_CREDENTIALS."
            if key_file
            else "no Google credentials. Run gcloud auth application-default login, or set "
            "GOOGLE_APPLICATION_CREDENTIALS or VOC_GCP_CREDENTIALS_BLOCK."
        ) from None


def access_token(settings: Settings) -> str | None:
    """A token for dbt, good for an hour, of the named block; None where dbt finds the same credentials itself."""
    if not settings.gcp_credentials_block:
        return None
    from google.auth.exceptions import GoogleAuthError

    from flows.bigquery.refusals import explain

    try:
        return cast(str, google_credentials(settings).get_access_token())
    except GoogleAuthError as error:
        raise explain(error, settings) from None

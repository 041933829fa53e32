"""BigQuery's refusals, each as one line that says what to do. Pure.

BigQuery's own words are never repeated: they may quote the row that they are about.
"""

from __future__ import annotations

import math
import re

from flows.runtime.errors import SourceError
from flows.warehouse.bigquery.config import BigQueryConfig

# The first pattern that matches wins. Each is searched in the reason codes and the message, both of which are
# listed on https://cloud.google.com/bigquery/docs/error-messages; <dataset> means the dataset of the models.
_LINES = (
    (
        r"within the designated timeout",
        "a BigQuery job took longer than ten minutes and was cancelled. Run it again.",
    ),
    (
        r"billingNotEnabled|Billing has not been enabled|not allowed in the free tier",
        "the project {project} has no billing, without which BigQuery changes no rows. Enable it.",
    ),
    (
        r"bytesBilledLimitExceeded|exceeded limit for bytes billed",
        "a job would bill more than VOC_BIGQUERY_MAX_BYTES_BILLED ({max_bytes:,} bytes), so it did not run. "
        "{raise_bound} if that is what you want, as for a first run on a long history.",
    ),
    (
        r"quotaExceeded|rateLimitExceeded|Quota exceeded|Exceeded rate limits|Custom quota exceeded",
        "BigQuery's quota of the project {project} is used up. Try again later, or raise the quota.",
    ),
    (
        r"\bstopped\b|[Jj]ob (?:execution )?was cancell?ed|User requested cancellation",
        "the BigQuery job was cancelled. Run it again.",
    ),
    (
        r"accessNotConfigured|has not enabled BigQuery|API has not been used",
        "the project {project} has not enabled BigQuery. "
        "Run gcloud services enable bigquery.googleapis.com --project {project}.",
    ),
    (
        r"bigquery\.jobs\.create",
        "the role roles/bigquery.jobUser on the project {project} is missing. Grant it.",
    ),
    (
        r"bigquery\.datasets\.create",
        "the dataset {project}.{dataset} does not exist and may not be created. Create it in {location}.",
    ),
    (
        r"bigquery\.(?:tables\.(?:create|update|updateData|delete)|datasets\.(?:get|update)|routines)",
        "the role roles/bigquery.dataEditor on the dataset {project}.{dataset} is missing. Grant it.",
    ),
    (
        r"(?:Access Denied|Permission denied).*INFORMATION_SCHEMA",
        "the role roles/bigquery.metadataViewer on the dataset of {source_table} is missing. Grant it.",
    ),
    (
        r"(?:Access Denied|Permission denied).*<dataset>",
        "the role roles/bigquery.dataEditor on the dataset {project}.{dataset} is missing. Grant it.",
    ),
    (
        r"accessDenied|Access Denied|Forbidden",
        "the role roles/bigquery.dataViewer on {source_table} is missing. Grant it.",
    ),
    (
        r"[Nn]ot found: Project",
        "a project of {source_table} or {project} does not exist. "
        "Fix VOC_SOURCE_TABLE or VOC_BIGQUERY_PROJECT.",
    ),
    (
        r"[Nn]ot found: (?:Dataset|Table)|notFound|NotFound",
        "{source_table} or the dataset {project}.{dataset} was not found in {location}. "
        "Set VOC_SOURCE_TABLE, VOC_BIGQUERY_DATASET or VOC_BIGQUERY_LOCATION.",
    ),
    (
        r"RefreshError|invalid_grant|invalid_client|authError|Invalid Credentials|Unauthorized",
        "Google refused the credentials. Renew them: gcloud auth application-default login, "
        "or a new key in GOOGLE_APPLICATION_CREDENTIALS or the Prefect block.",
    ),
    (
        r"backendError|internalError|[Ii]nternal error|Error encountered during execution"
        r"|\b50[0-4] (?:GET|POST|PUT|PATCH|DELETE)\b|[Tt]imeout|RetryError|ServerError|BadGateway"
        r"|ServiceUnavailable|ConnectionError|TransportError|Max retries exceeded",
        "BigQuery could not be reached or failed inside. Try again later.",
    ),
)


def explain(error: Exception | str, config: BigQueryConfig) -> SourceError:
    """The line for what Google's client or dbt reported; for an unknown error, its kind."""
    known = explain_if_known(error, config)
    if known is not None:
        return known
    kind = type(error).__name__ if isinstance(error, Exception) else "unknown error"
    return SourceError(f"BigQuery refused ({kind}). Run voc doctor --target bigquery.")


def explain_if_known(error: Exception | str, config: BigQueryConfig) -> SourceError | None:
    """The same, but None for an unknown error."""
    reasons = [item.get("reason", "") for item in getattr(error, "errors", None) or ()]
    text = " ".join([*reasons, type(error).__name__, str(error)])
    datasets = "|".join(map(re.escape, config.datasets))
    dataset = re.escape(f"{config.project}:") + rf"(?:{datasets})\b"
    for pattern, line in _LINES:
        if re.search(pattern.replace("<dataset>", dataset), text):
            return SourceError(
                line.format(
                    source_table=config.source_table,
                    project=config.project,
                    dataset=config.dataset,
                    location=config.location,
                    max_bytes=config.max_bytes_billed,
                    raise_bound=_raise_bound(text),
                )
            )
    return None


def _raise_bound(text: str) -> str:
    """Which bound the refused job wants, where BigQuery says so: a tenth more, in whole GB."""
    needed = re.search(r"(\d+) or higher required", text)
    if needed is None:
        return "Raise it"
    bound = math.ceil(int(needed[1]) * 1.1 / 1e9) * 1_000_000_000
    return f"Set VOC_BIGQUERY_MAX_BYTES_BILLED={bound}"

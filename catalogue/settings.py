"""What the settings of flows and bot share: types of fields, and one line for each wrong value."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalogue.texts import Locale


def _url(value: str) -> str:
    try:
        url = urlsplit(value)
        url.port  # noqa: B018 (reading it checks it)
    except ValueError:
        raise ValueError("is not a URL") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("must start with http:// or https://")
    if "@" in url.netloc:
        raise ValueError("must not contain a user or password, as the address is printed")
    return value.rstrip("/") + "/"


def header_value(secret: SecretStr) -> SecretStr:
    """Check a secret for an HTTP header: a library's complaint about a line break would quote the secret."""
    value = secret.get_secret_value().strip()
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("has characters that no token has")
    return SecretStr(value)


def time_zone(value: str) -> str:
    """Check the name of a time zone. Raises ValueError."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone; use a name such as Asia/Seoul") from None
    return value


Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[SecretStr, AfterValidator(header_value)]
TimeZone = Annotated[str, AfterValidator(time_zone)]


class SharedSettings(BaseSettings):
    """The fields that flows and bot both have. An empty variable counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    slack_api_url: Url = Field("https://slack.com/api/", description="Slack Web API to talk to.")
    locale: Locale = Field(
        "ko",
        validation_alias="VOC_LOCALE",
        description="Language of messages and reports: ko or en.",
    )
    slack_channel: str | None = Field(
        None,
        validation_alias=AliasChoices("VOC_SLACK_CHANNEL", "LAMBDA_VOC_SLACK_CHANNEL"),
        description="Channel id to post to, such as C0123ABCD. LAMBDA_VOC_SLACK_CHANNEL works too.",
    )
    ops_channel: str | None = Field(
        None,
        pattern=r"^[CG][A-Z0-9]{2,}$",
        validation_alias="VOC_OPS_CHANNEL",
        description="Channel id for notes on late data and failed runs (default: the report's).",
    )
    timezone: TimeZone = Field(
        "Asia/Seoul",
        validation_alias="VOC_TIMEZONE",
        description="Time zone in which weeks begin on Monday 00:00.",
    )
    home: Path = Field(
        Path(".voc"),
        validation_alias="VOC_HOME",
        description="Folder for DuckDB files, logs, the outbox, and requests that the bot is working on.",
    )
    version: str = Field(
        default_factory=lambda: version("voc-analyst"),
        validation_alias="VOC_VERSION",
        description="Label of what is deployed (default: the package's version).",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment, and `.env` or the file that VOC_ENV_FILE names. Raises InvalidSettings."""
        file = os.environ.get("VOC_ENV_FILE", ".env")
        try:
            # Editors on Windows put a byte order mark first; it is no part of the first variable's name.
            return cls(_env_file=file, _env_file_encoding="utf-8-sig", **overrides)
        except ValidationError as error:
            raise InvalidSettings("; ".join(map(_problem, error.errors()))) from None
        except UnicodeDecodeError:
            raise InvalidSettings(f"{file} is not UTF-8; save it as UTF-8") from None
        except OSError as error:
            raise InvalidSettings(f"{file} cannot be read ({error.strerror})") from None


class InvalidSettings(ValueError):
    """Names each wrong variable, without its value: that may be a secret."""


def _problem(error: Any) -> str:
    name = ".".join(map(str, error["loc"])).upper()
    is_missing = error["type"] == "missing"
    problem = "is not set" if is_missing else error["msg"].removeprefix("Value error, ")
    return f"{name} {problem}".lstrip()  # what concerns several variables has no name of its own

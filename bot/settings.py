"""The bot's typed settings: Slack's credentials and who may ask. Prefect's client reads its own (PREFECT_API_URL)."""

from __future__ import annotations

import os
from functools import partial
from importlib.metadata import version
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import StartError
from catalogue import Locale


def _token(prefix: str, secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value().strip()
    if not value.startswith(prefix) or not value.isascii() or not value.isprintable():
        raise ValueError(f"must be one that begins with {prefix}" if prefix else "must be ASCII")
    return SecretStr(value)


def _items(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


BotToken = Annotated[SecretStr, AfterValidator(partial(_token, "xoxb-"))]
AppToken = Annotated[SecretStr, AfterValidator(partial(_token, "xapp-"))]
SigningSecret = Annotated[SecretStr, AfterValidator(partial(_token, ""))]
Ids = Annotated[frozenset[str], NoDecode, BeforeValidator(_items)]


class BotSettings(BaseSettings):
    """Read from the environment and `.env`; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    slack_bot_token: BotToken = Field(
        description="Bot token (xoxb-…). Without it messages go to the outbox folder."
    )
    slack_signing_secret: SigningSecret | None = Field(
        None, description="Bot: verifies that requests come from Slack. Not needed in Socket Mode."
    )
    slack_app_token: AppToken | None = Field(
        None, description="Bot: app-level token (xapp-…). With it the bot uses Socket Mode."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        pattern=r"^https?://\S+/$",
        description="Slack Web API to talk to.",
    )
    channels: Ids = Field(
        frozenset(),
        validation_alias="VOC_BOT_CHANNELS",
        description="Bot: ids of the only channels that may ask, separated by commas (default: all).",
    )
    users: Ids = Field(
        frozenset(),
        validation_alias="VOC_BOT_USERS",
        description="Bot: ids of the only users who may ask, separated by commas (default: all).",
    )
    shared_channels: Ids = Field(
        frozenset(),
        validation_alias="VOC_BOT_SHARED_CHANNELS",
        description="Bot: ids of channels that may ask although they are shared with other companies.",
    )
    start_wait: float = Field(
        60,
        ge=1,
        validation_alias="VOC_BOT_START_WAIT",
        description="Bot: seconds after which it says that a run has not started.",
    )
    host: str = Field(
        "127.0.0.1", validation_alias="VOC_BOT_HOST", description="Bot: address to listen on."
    )
    port: int = Field(
        3000, ge=0, le=65535, validation_alias="PORT", description="Bot: port to listen on."
    )
    locale: Locale = Field(
        "ko",
        validation_alias="VOC_LOCALE",
        description="Language of messages and reports: ko or en.",
    )
    version: str = Field(
        default_factory=lambda: version("voc-analyst"),
        validation_alias="VOC_VERSION",
        description="Label of what is deployed (default: the package's version).",
    )


def load_settings() -> BotSettings:
    """Read the settings from the environment and from `.env`, or the file that VOC_ENV_FILE names.

    Raises StartError that names each wrong variable, without its value.
    """
    try:
        settings = BotSettings(_env_file=os.environ.get("VOC_ENV_FILE", ".env"))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])).upper()} "
            + ("is not set" if e["type"] == "missing" else e["msg"].removeprefix("Value error, "))
            for e in error.errors()
        )
        raise StartError(f"{problems}. Set it in the environment or in .env.") from None
    if not (settings.slack_app_token or settings.slack_signing_secret):
        raise StartError(
            "neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set. "
            "Set one of them in the environment or in .env."
        )
    return settings

"""The bot's typed settings: Slack's credentials and who may ask. Prefect's client reads its own (PREFECT_API_URL)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from bot.errors import StartError
from catalogue.settings import InvalidSettings, Secret, SharedSettings, header_value


def _token(prefix: str, secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip().startswith(prefix):
        raise ValueError(f"must be one that begins with {prefix}")
    return header_value(secret)


def _items(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


BotToken = Annotated[SecretStr, AfterValidator(partial(_token, "xoxb-"))]
AppToken = Annotated[SecretStr, AfterValidator(partial(_token, "xapp-"))]
Ids = Annotated[frozenset[str], NoDecode, BeforeValidator(_items)]


class BotSettings(SharedSettings):
    """Slack's credentials, who may ask, and where the bot listens."""

    slack_bot_token: BotToken = Field(
        description="Bot token (xoxb-…). Without it messages go to the outbox folder."
    )
    slack_signing_secret: Secret | None = Field(
        None, description="Bot: verifies that requests come from Slack. Not needed in Socket Mode."
    )
    slack_app_token: AppToken | None = Field(
        None, description="Bot: app-level token (xapp-…). With it the bot uses Socket Mode."
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
    watchdog_minutes: float = Field(
        30,
        gt=0,
        validation_alias="VOC_BOT_WATCHDOG_MINUTES",
        description="Bot: minutes after which a scheduled report that is missing is noted.",
    )
    host: str = Field(
        "127.0.0.1", validation_alias="VOC_BOT_HOST", description="Bot: address to listen on."
    )
    port: int = Field(
        3000, ge=0, le=65535, validation_alias="PORT", description="Bot: port to listen on."
    )


def load_settings() -> BotSettings:
    """Read the settings from the environment and `.env`. Raises StartError."""
    try:
        settings = BotSettings.load()
    except InvalidSettings as error:
        raise StartError(f"{error}. Set it in the environment or in .env.") from None
    if not (settings.slack_app_token or settings.slack_signing_secret):
        raise StartError(
            "neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set. "
            "Set one of them in the environment or in .env."
        )
    return settings

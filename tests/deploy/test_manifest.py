"""deploy/slack-manifest.yaml against what Slack publishes about app manifests, and against what the bot does."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.listeners.commands import COMMANDS
from flows import PROJECT_ROOT
from tests.fakes.slack import DEFAULT_SCOPES

ADDRESS = "https://voc-bot.example.com/slack/events"
TEXT = (PROJECT_ROOT / "deploy" / "slack-manifest.yaml").read_text()
EVENTS = {"app_mention", "message.im"}

# https://docs.slack.dev/reference/app-manifest: every key that this version of the manifest knows and we may use.
KNOWN = {
    "_metadata": {"major_version", "minor_version"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "slash_commands", "shortcuts", "unfurl_domains"},
    "features.app_home": {
        "home_tab_enabled",
        "messages_tab_enabled",
        "messages_tab_read_only_enabled",
    },
    "features.bot_user": {"display_name", "always_online"},
    "oauth_config": {"scopes", "redirect_urls", "token_management_enabled"},
    "oauth_config.scopes": {"bot", "user"},
    "settings": {
        "allowed_ip_address_ranges",
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "settings.event_subscriptions": {"request_url", "bot_events", "user_events"},
    "settings.interactivity": {"is_enabled", "request_url", "message_menu_options_url"},
}
COMMAND_KEYS = {"command", "url", "description", "usage_hint", "should_escape"}


@pytest.fixture
def manifest() -> dict[str, Any]:
    value = yaml.safe_load(TEXT)
    assert isinstance(value, dict)
    return value


def test_it_has_only_keys_that_slack_knows(manifest: dict[str, Any]) -> None:
    assert set(manifest) == {key for key in KNOWN if "." not in key}
    for path, known in KNOWN.items():
        value = manifest
        for key in path.split("."):
            value = value[key]
        assert set(value) <= known, path
    for command in manifest["features"]["slash_commands"]:
        assert set(command) <= COMMAND_KEYS


def test_its_texts_are_as_long_as_slack_wants(manifest: dict[str, Any]) -> None:
    assert manifest["_metadata"]["major_version"] == 2
    shown = manifest["display_information"]
    assert 0 < len(shown["name"]) <= 35
    assert 0 < len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert 0 < len(manifest["features"]["bot_user"]["display_name"]) <= 80
    commands = manifest["features"]["slash_commands"]
    assert len(commands) <= 50
    for command in commands:
        assert command["command"].startswith("/")
        assert len(command["command"]) <= 32
        assert 0 < len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "")) <= 1000
    assert len(manifest["settings"]["event_subscriptions"]["bot_events"]) <= 100


def test_slack_delivers_what_the_bot_answers_and_no_more(manifest: dict[str, Any]) -> None:
    assert {c["command"] for c in manifest["features"]["slash_commands"]} == COMMANDS.keys()
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == EVENTS
    assert manifest["settings"]["interactivity"]["is_enabled"] is True


def test_people_may_write_to_the_bot_directly(manifest: dict[str, Any]) -> None:
    home = manifest["features"]["app_home"]
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def test_it_asks_for_the_scopes_that_the_tests_run_with(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": list(DEFAULT_SCOPES)}


def test_every_address_is_marked_and_the_same(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    addresses = [
        *(command["url"] for command in manifest["features"]["slash_commands"]),
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    ]
    assert addresses == [ADDRESS] * 5
    assert [line for line in TEXT.splitlines() if line.endswith("# address")] == [
        line for line in TEXT.splitlines() if ADDRESS in line
    ]


def test_without_the_addresses_it_is_a_manifest_for_socket_mode() -> None:
    """What the comment at its top says to do."""
    lines = [line for line in TEXT.splitlines() if not line.endswith("# address")]
    manifest = yaml.safe_load(
        "\n".join(lines).replace("socket_mode_enabled: false", "socket_mode_enabled: true")
    )
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert all("url" not in command for command in manifest["features"]["slash_commands"])

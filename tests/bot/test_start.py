"""What keeps the bot from starting is said in one line, with what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StartError
from bot.settings import BotSettings, load_settings
from tests import services
from tests.bot.conftest import SECRET, bot_settings, wait_for
from tests.conftest import run_module
from tests.fakes.http import FakeServer, Refused, Reply, Request, hang
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.slow


class EmptyPrefect(FakeServer):
    """A Prefect server without deployments."""

    def respond(self, request: Request) -> Reply:
        if request.method == "/api/health":
            return Reply(body=True)
        raise Refused("not found", status=404)

    def refuse(self, refused: Refused) -> Reply:
        return Reply(refused.status, {"detail": refused.error})


class LockedPrefect(EmptyPrefect):
    def respond(self, request: Request) -> Reply:
        raise Refused("Unauthorized", status=401)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


def run_bot(folder: Path, **settings: str) -> tuple[int, str]:
    """Start the bot and wait for its end; exit code and stderr."""
    environment = {"PREFECT_HOME": str(folder), "PORT": "0"} | settings
    ran = run_module("bot", timeout=120, directory=folder, environment=environment)
    assert ran.out == ""
    return ran.code, ran.err


def assert_one_line(result: tuple[int, str], *parts: str) -> None:
    code, error = result
    assert code == 2, error
    assert error.startswith("voc-bot: ")
    assert error.count("\n") == 1
    assert all(part in error for part in parts), error


def test_without_a_token(tmp_path: Path) -> None:
    assert_one_line(run_bot(tmp_path), "SLACK_BOT_TOKEN is not set", ".env")


def test_without_a_prefect_api(tmp_path: Path, slack: FakeSlack) -> None:
    result = run_bot(tmp_path, **bot_settings(slack))
    assert_one_line(result, "PREFECT_API_URL is not set")


def test_with_a_prefect_api_that_does_not_answer(tmp_path: Path, slack: FakeSlack) -> None:
    result = run_bot(tmp_path, **bot_settings(slack), PREFECT_API_URL="http://127.0.0.1:9/api")
    assert_one_line(result, "http://127.0.0.1:9/api", "PREFECT_API_URL")


def test_with_a_prefect_that_refuses(tmp_path: Path, slack: FakeSlack) -> None:
    with LockedPrefect() as prefect:
        result = run_bot(tmp_path, **bot_settings(slack), PREFECT_API_URL=f"{prefect.url}/api")
    assert_one_line(result, "HTTP 401", "credentials")


def test_without_deployments(tmp_path: Path, slack: FakeSlack) -> None:
    with EmptyPrefect() as prefect:
        result = run_bot(tmp_path, **bot_settings(slack), PREFECT_API_URL=f"{prefect.url}/api")
    assert_one_line(result, "no deployment weekly_voc/on-demand", "prefect deploy --all")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-marked-secret", "Slack refused: invalid_auth"),
        ("SLACK_APP_TOKEN", "xapp-marked-secret", "Socket Mode: invalid_auth"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api/", "Slack could not be reached"),
    ],
)
def test_with_a_slack_that_refuses_or_is_not_there(
    tmp_path: Path, slack: FakeSlack, name: str, value: str, reason: str
) -> None:
    settings = bot_settings(slack) | {name: value}
    with DeployedPrefect() as prefect:
        result = run_bot(tmp_path, **settings, PREFECT_API_URL=f"{prefect.url}/api")
    assert_one_line(result, reason, name)
    assert "marked-secret" not in result[1]


def test_the_app_level_token_does_not_go_where_a_redirect_leads(
    tmp_path: Path, slack: FakeSlack
) -> None:
    method = "apps.connections.open"
    with DeployedPrefect() as prefect, FakeSlack() as other:
        slack.on(method, do=Reply(307, headers={"Location": f"{other.url}/api/{method}"}))
        settings = bot_settings(slack) | {"SLACK_APP_TOKEN": slack.app_token}
        result = run_bot(tmp_path, **settings, PREFECT_API_URL=f"{prefect.url}/api")
        assert other.requests == []
    assert_one_line(result, "HTTP 307, a redirect", "SLACK_API_URL")


def test_when_the_port_is_taken(tmp_path: Path, slack: FakeSlack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run_bot(tmp_path, **bot_settings(slack) | {"PORT": port})
    assert_one_line(result, f"127.0.0.1:{port}", "PORT")


def test_a_stop_before_it_listens_ends_it_at_once(tmp_path: Path, slack: FakeSlack) -> None:
    """By its own doing: the first process of a container does not end by a signal that it does not handle."""
    with EmptyPrefect() as prefect:
        prefect.on(do=hang(60))
        settings = bot_settings(slack) | {"PREFECT_API_URL": f"{prefect.url}/api", "PORT": "0"}
        bot = services.start_quickly("bot", log=tmp_path / "bot.log", environment=settings)
        try:
            wait_for(lambda: prefect.requests, 60)
            assert bot.stop(patience=10) == 0
        finally:
            bot.kill()


class DeployedPrefect(EmptyPrefect):
    """Says yes to every deployment."""

    def respond(self, request: Request) -> Reply:
        if request.method.startswith("/api/deployments/name/"):
            name = request.method.rsplit("/", 1)[1]
            return Reply(
                body={
                    "id": "00000000-0000-0000-0000-000000000001",
                    "name": name,
                    "flow_id": "00000000-0000-0000-0000-000000000002",
                }
            )
        return super().respond(request)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"SLACK_BOT_TOKEN": "marked-secret"},
            "SLACK_BOT_TOKEN must be one that begins with xoxb-",
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-“marked”"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xoxb-marked"}, "SLACK_APP_TOKEN must be one that begins with xapp-"),
        ({"SLACK_SIGNING_SECRET": ""}, "neither SLACK_APP_TOKEN .* nor SLACK_SIGNING_SECRET"),
        ({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL"),
        ({"VOC_BOT_START_WAIT": "soon"}, "VOC_BOT_START_WAIT"),
        ({"PORT": "99999"}, "PORT"),
    ],
)
def test_a_wrong_setting_is_named_but_not_quoted(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], message: str
) -> None:
    right = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": SECRET}
    for name, value in {**right, **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartError, match=message) as caught:
        load_settings()
    assert "marked" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_bot_knows_slack_s_and_prefect_s_secrets_only() -> None:
    """And Prefect's it does not even read itself."""
    secrets = {name for name, field in BotSettings.model_fields.items() if "Secret" in str(field)}
    assert secrets == {"slack_bot_token", "slack_signing_secret", "slack_app_token"}

"""The bot in Socket Mode, against a local websocket."""

from __future__ import annotations

from tests import services
from tests.bot.conftest import Bots, Prefect, deep_health, replies, wait_for, wait_for_reply
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack, not_ok


def test_mentions_commands_and_buttons_come_over_the_socket(
    bots: Bots, slack: FakeSlack, prefect: Prefect
) -> None:
    with bots(SLACK_APP_TOKEN=slack.app_token, SLACK_SIGNING_SECRET="") as bot:
        people = People(slack)
        slack.socket.wait_for_connections()
        sent = people.mention("", copies=2)
        assert sent.status == 200
        wait_for_reply(slack, sent.ts, "⏳ 받음")
        command = people.command("/hello")
        wait_for(lambda: slack.responses(command.response_url))
        assert services.HTTP.post(f"{bot.url}/slack/events").status_code == 404
        assert services.HTTP.get(f"{bot.url}/healthz").status_code == 200
    assert len(prefect.runs()) == 1
    assert len(replies(slack, sent.ts)) == 1


UP = {"version": "1.2.3", "prefect": "ok", "slack": "ok"}


def test_a_lost_connection_is_seen_and_opened_again(bots: Bots, slack: FakeSlack) -> None:
    with bots(SLACK_APP_TOKEN=slack.app_token, VOC_VERSION="1.2.3") as bot:
        people = People(slack, connect_timeout=60)
        wait_for(lambda: deep_health(bot)[1]["socket"] == "ok")
        slack.on("apps.connections.open", nth=1, do=not_ok("internal_error"))
        slack.socket.drop()
        wait_for(lambda: deep_health(bot) == (503, UP | {"status": "down", "socket": "down"}))
        wait_for(lambda: slack.socket.opened > 1, 60)
        slack.socket.wait_for_connections()
        sent = people.mention("help")
        wait_for_reply(slack, sent.ts, "사용법")
        wait_for(lambda: deep_health(bot)[1]["socket"] == "ok")
        assert "Traceback" not in bot.log.read_text()

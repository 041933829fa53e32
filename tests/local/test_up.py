"""`make up` as a newcomer uses it: start, write to the bot, read the report, Ctrl-C."""

from __future__ import annotations

import html
import json
import re
import signal
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest

from flows import PROJECT_ROOT
from tests.nursery.client import ADDRESS
from tests.services import Service, start, wait_for

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_the_report_arrives_and_ctrl_c_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS)  # here every process is started as a user's is
    up = start("-m", "tests.local", str(tmp_path / "up"), log=tmp_path / "up.log", environment={})
    try:
        wait_for(lambda: "Slack's stand-in" in up.log.read_text(), 240, up)
        page = _address(up, "Slack's stand-in")
        body = json.dumps({"channel": "C0VOC", "text": "@voc"}).encode()
        request = urllib.request.Request(f"{page}/say", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer) == {"reached": True, "status": 200}
        wait_for(lambda: "VOC 주간 리포트" in _shown(page), 180)
        assert [line for line in _report_in_the_readme() if line not in _words(_shown(page))] == []
        assert up.stop(signal.SIGINT) == 0
    finally:
        up.kill()
    for address in (page, _address(up, "Prefect")):
        with pytest.raises(URLError):
            urllib.request.urlopen(address, timeout=5)


def _report_in_the_readme() -> list[str]:
    """The lines of the demo's report, of this week. These are the demo's tickets too."""
    text = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```\n━━[^\n]*\n(.*?)^```$", text, re.M | re.S)
    return [" ".join(line.split()) for line in block.splitlines() if line]


def _words(shown: str) -> str:
    """What is shown, without tags and with single blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", shown)).split())


def _address(up: Service, name: str) -> str:
    match = re.search(rf"{name}: (http://\S+)", up.log.read_text())
    assert match
    return match[1]


def _shown(page: str) -> str:
    with urllib.request.urlopen(f"{page}/state") as answer:
        return json.dumps(json.load(answer), ensure_ascii=False)

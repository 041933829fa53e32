"""`make pictures`: what `make demo` wrote, as people see it, in docs/images. Needs Chromium and Korean fonts."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from flows import PROJECT_ROOT
from tests.fakes.people import People
from tests.fakes.slack import FakeSlack
from tests.local.slack_page import SlackPage

CHANNEL = "C0VOC"
IMAGES = PROJECT_ROOT / "docs" / "images"
SIZES = {"phone": {"width": 390, "height": 1500}, "desktop": {"width": 1100, "height": 1100}}


class Visitors(People):
    """People who look and do not write: the page has no bot to miss."""

    def reachable(self) -> bool:
        return True


def main() -> None:
    """Draw the demo's messages and its page."""
    home = Path(sys.argv[1]).resolve()
    IMAGES.mkdir(exist_ok=True)
    with browser() as chromium, FakeSlack(channels={CHANNEL: {}}) as slack:
        copy_outbox(home / "outbox", slack)
        with SlackPage(slack, Visitors(slack)) as page:
            for size, viewport in SIZES.items():
                shoot(chromium, page.url, viewport, f"slack-{size}.png", "article")
        (report,) = home.glob("reports/*/20*.html")
        for size, viewport in SIZES.items():
            shoot(chromium, report.as_uri(), viewport, f"report-{size}.png", "body")


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=os.geteuid() != 0
        )


def copy_outbox(folder: Path, slack: FakeSlack) -> None:
    """The outbox's messages as if they had been posted."""
    posted: dict[str, str] = {}
    for file in sorted(folder.glob("*.json")):
        message: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        thread = posted.get(message["thread_ts"])
        fields = {"thread_ts": thread} if thread else {}
        ts = slack.say(CHANNEL, message["text"], user="U0BOT", blocks=message["blocks"], **fields)
        posted[message["ts"]] = ts


def shoot(chromium: Browser, url: str, viewport: dict[str, int], name: str, ready: str) -> None:
    tab = chromium.new_page(viewport=viewport)  # type: ignore[arg-type]
    tab.goto(url)
    tab.locator(ready).first.wait_for()
    tab.evaluate("document.querySelector('main')?.scrollTo(0, 0)")
    tab.screenshot(path=IMAGES / name)
    tab.close()


if __name__ == "__main__":
    main()

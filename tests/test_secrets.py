"""Secrets and customers' words stay where they belong, whatever is run and however it ends."""

from __future__ import annotations

import csv
import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from flows.analysis.prompt import MAX_SAMPLE_CHARACTERS
from tests import services
from tests.conftest import run_module
from tests.fakes.http import Reply
from tests.fakes.laas import FakeLaas
from tests.fakes.slack import FakeSlack

# The first test pays for all that is run.
pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

CHANNEL, AS_OF = "C0SECRET", "2026-11-16"
BOT_TOKEN, LAAS_KEY = "xoxb-marked-bot-token", "marked-laas-key"
SIGNING_SECRET, PREFECT_KEY = "marked-signing-secret", "marked-prefect-key"
PRIVATE_KEY = "marked-private-key"
SECRETS = (BOT_TOKEN, LAAS_KEY, SIGNING_SECRET, PREFECT_KEY, PRIVATE_KEY)
# What a customer wrote, as it stands in the source: in the middle of it something to be masked.
WORDS = "하늘색코끼리가"
PHONE, MAIL = "010-4321-8765", "hong@example.com"
NAME = "곽철민"
PRIVATE = (PHONE, NAME, MAIL)
# Its digits are no card; the first sixteen, where the prompt cuts the text off, look like one.
ODD = "가" * (MAX_SAMPLE_CHARACTERS - 16) + "4" * 24

SHOW_THE_REPORT = {"run", "LaaS refuses"}


@dataclass
class Everything:
    """What all that was run left behind."""

    folder: Path
    printed: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    posted: str = ""
    prompts: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


def write_source(path: Path) -> None:
    """Two weeks; in the second, categories whose names hold personal data get worse, in the words of a customer."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["id", "event_create_time", "category1", "overall_emotion", "title", "detail"]
        )
        for day, count in (("2026-11-03", 5), ("2026-11-10", 40)):
            for category in (f"{PHONE} 고객", f"{NAME}님 {MAIL}"):
                for n in range(count):
                    words = f"{WORDS} {PHONE} 번호로 {n}번 전화"
                    id_ = f"{category[:2]}-{day}-{n}"
                    writer.writerow([id_, f"{day}T03:00:00Z", category, "부정", words, words])
            writer.writerow(
                [f"odd-{day}", f"{day}T03:00:00Z", f"{PHONE} 고객", "부정", "문의", ODD]
            )


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    """Each command once, with marked secrets: it ends well, or Slack, LaaS, dbt or we fail.

    Where LaaS refuses, the messages go to the outbox.
    """
    folder = tmp_path_factory.mktemp("everything")
    left = Everything(folder)
    source, home = folder.parent / "tickets.csv", folder / "home"
    write_source(source)
    key = folder.parent / "key.json"
    key.write_text(json.dumps({"type": "service_account", "private_key": PRIVATE_KEY}))

    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack(token=BOT_TOKEN, channels={CHANNEL: {}}))
        laas = stack.enter_context(FakeLaas(api_key=LAAS_KEY))
        prefect = stack.enter_context(services.prefect_server(folder / "prefect"))
        settings = {
            "PREFECT_API_URL": prefect.url,
            "PREFECT_API_KEY": PREFECT_KEY,
            "PREFECT_HOME": str(folder / "client"),
            "PREFECT_LOGGING_LEVEL": "DEBUG",
            "VOC_HOME": str(home),
            "VOC_SLACK_CHANNEL": CHANNEL,
            "SLACK_API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "LAAS_BASE_URL": laas.url,
            "LAAS_API_KEY": LAAS_KEY,
        }

        stack.callback(os.umask, os.umask(0))

        def execute(name: str, module: str, *arguments: str | Path, **more: str) -> None:
            ran = run_module(module, *arguments, environment=settings | more)
            left.printed[name], left.codes[name] = ran.out + ran.err, ran.code

        def voc(name: str, *arguments: str | Path, **more: str) -> None:
            execute(name, "flows.cli", *arguments, **more)

        report = ("run", "--source", source, "--as-of", AS_OF)

        voc("doctor", "doctor", "--source", source)
        voc("run", *report)
        execute("worker", "tests.worker_run", source, AS_OF)
        voc("Slack refuses", *report, "--force", SLACK_BOT_TOKEN=f"{BOT_TOKEN}-2")
        laas.on(nth=range(1, 100), do=Reply(status=401, body={"error": f"{LAAS_KEY} is wrong"}))
        asked = len(laas.requests)
        voc("LaaS refuses", *report, SLACK_BOT_TOKEN="", LAAS_PRESET_HASH="0" * 64)
        assert len(laas.requests) > asked
        voc("a key that is none", "doctor", "--target", "bigquery", **google(key))
        execute("unexpected", "tests.unforeseen", *report, "--force", WORDS=WORDS)
        voc("status", "status")
        voc("docs", "docs")
        execute("bot", "bot", SLACK_BOT_TOKEN=f"{BOT_TOKEN}-2")
        left.posted = json.dumps([*slack.messages(CHANNEL), *slack.threads.values()])
        left.prompts = tuple(laas.prompts)
        left.printed["Prefect's logs"] = logs_of(prefect.url)
        yield left


def google(key: Path) -> dict[str, str]:
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "VOC_SOURCE_TABLE": "p.d.t",
        "VOC_BIGQUERY_PROJECT": "p",
    }


def logs_of(api: str) -> str:
    """What people read in the Prefect UI. Read over the API, so that it is there to be searched at all."""
    lines: list[str] = []
    while entries := services.HTTP.post(
        f"{api}/logs/filter", json={"limit": 200, "offset": len(lines)}, timeout=30
    ).json():
        lines += [entry["message"] for entry in entries]
    assert len(lines) > 20
    return "\n".join(lines)


def test_each_ended_as_it_should(everything: Everything) -> None:
    """Otherwise the others look at nothing."""
    assert everything.codes == {
        "doctor": 0,
        "run": 0,
        "worker": 0,
        "Slack refuses": 5,
        "LaaS refuses": 0,
        "a key that is none": 3,
        "unexpected": 1,
        "status": 0,
        "docs": 0,
        "bot": 2,
    }, everything.printed


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_printed_posted_or_written(everything: Everything, secret: str) -> None:
    assert not [name for name, text in everything.printed.items() if secret in text]
    assert secret not in everything.posted
    holding = [path for path in everything.files() if secret.encode() in path.read_bytes()]
    assert not holding


def test_customers_words_are_in_tables_messages_and_pages_and_nowhere_else(
    everything: Everything,
) -> None:
    printing = {name for name, text in everything.printed.items() if WORDS in text}
    assert printing == SHOW_THE_REPORT
    holding = {
        path.relative_to(everything.folder / "home").parts[0]
        for path in everything.files()
        if WORDS.encode() in path.read_bytes()
    }
    assert holding == {"duckdb", "outbox", "reports"}
    in_duckdb = {
        path.suffix
        for path in (everything.folder / "home" / "duckdb").rglob("*")
        if path.is_file() and WORDS.encode() in path.read_bytes()
    }
    assert in_duckdb == {".duckdb"}


@pytest.mark.parametrize("private", PRIVATE)
def test_what_is_masked_is_nowhere_but_in_the_source(everything: Everything, private: str) -> None:
    """Not even as a category's name: Prefect's database, the record, the page and the outbox are among the files."""
    assert private not in everything.posted
    assert not [prompt for prompt in everything.prompts if private in prompt]
    assert not [name for name, text in everything.printed.items() if private in text]
    (warehouse,) = (path for path in everything.files() if private.encode() in path.read_bytes())
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.sql(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_type = 'BASE TABLE'"
        ).fetchall()
        holding = [
            name for (name,) in tables if private in str(connection.sql(f"from {name}").fetchall())
        ]
    assert holding == ["source.tickets"]


def test_a_ticket_that_still_looks_private_is_left_out_and_its_category_is_analysed(
    everything: Everything,
) -> None:
    about = [prompt for prompt in everything.prompts if "[전화번호] 고객" in prompt]
    assert about
    assert not [prompt for prompt in about if "odd-" in prompt]
    assert "4" * 16 not in everything.posted


def test_an_unexpected_error_is_told_by_its_type_and_where_it_came_from(
    everything: Everything,
) -> None:
    assert "unexpected RuntimeError. Details: " in everything.printed["unexpected"]
    (details,) = (everything.folder / "home" / "logs").glob("error-*.txt")
    assert details.read_text().startswith("builtins.RuntimeError\n")
    assert "in read_changes" in details.read_text()
    assert "unexpected RuntimeError" in everything.printed["Prefect's logs"]


def test_what_is_written_can_be_read_by_its_owner_only(everything: Everything) -> None:
    """Although everything ran with a umask that permits all."""
    home = everything.folder / "home"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [home, *home.rglob("*")]}
    assert {f"{p}: {mode:o}" for p, mode in modes.items() if mode & 0o077} == set()

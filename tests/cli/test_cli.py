"""The command line as users run it: output, exit codes, and errors of one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows import PROJECT_ROOT
from flows.runtime.settings import load_settings
from tests.conftest import AS_OF, Voc, run_module
from tests.fakes.http import Reply
from tests.fakes.slack import DEFAULT_SCOPES, FakeSlack
from tests.parts import open_source

pytestmark = pytest.mark.slow

ROW_KEYS = [
    "week_start",
    "category1",
    "category2",
    "category3",
    "status",
    "status_reason",
    "base_total",
    "comparison_total",
    "base_negative",
    "comparison_negative",
    "total_change_pct",
    "base_negative_ratio",
    "comparison_negative_ratio",
    "negative_ratio_change_pp",
    "is_new",
    "weeks_before",
    "expected_total",
    "usual_low",
    "usual_high",
    "usual_negative_ratio",
    "p_increase",
    "p_decrease",
    "p_negative",
    "q_increase",
    "q_decrease",
    "q_negative",
    "chance_of_alarm",
    "evidence",
    "evidence_note",
    "is_unusual",
    "first_week_start",
    "alarm_weeks",
    "weeks_since_alarm",
    "alert_status_before",
    "resolution",
]
HEADER = "id,event_create_time,category1,overall_emotion"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the tests below that build on each other's tables."""
    return tmp_path_factory.mktemp("cli") / "home"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(
        f"{HEADER}\n1,2026-11-03T01:00:00Z,유저,부정\n2,2026-11-10T01:00:00Z,유저,중립\n"
    )
    return path


def test_run_prints_exactly_one_json_object(
    voc: Voc, prefect_api: str, sample_file: Path, home: Path
) -> None:
    ran = voc(
        "run",
        "--source",
        sample_file,
        "--week",
        "2026-W46",
        "--json",
        VOC_HOME=str(home),
        PREFECT_API_URL=prefect_api,
    )
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 1
    result = ran.json
    assert list(result) == [
        "outcome",
        "report_week",
        "base_week",
        "status_counts",
        "alarms",
        "strong_alarms",
        "alarms_by_chance",
        "alerts",
        "rising_words",
        "changes",
        "analyses",
        "messages",
        "doubts",
        "missing_days",
        "receipt",
    ]
    assert result["outcome"] == "posted"
    assert result["report_week"] == {
        "start": "2026-11-09",
        "end": "2026-11-15",
        "label": "2026-W46",
    }
    assert result["base_week"] == {"start": "2026-11-02", "end": "2026-11-08", "label": "2026-W45"}
    assert list(result["status_counts"]) == ["CRITICAL", "MONITOR", "IMPROVED", "STABLE"]
    assert all(list(change) == ROW_KEYS for change in result["changes"])
    severity = ["CRITICAL", "MONITOR", "IMPROVED"]
    order = [
        (severity.index(c["status"]), -abs(c["comparison_total"] - c["base_total"]))
        for c in result["changes"]
    ]
    assert order == sorted(order)
    assert all(
        list(analysis)
        == [
            *("category", "source", "summary", "examples", "hypotheses", "actions"),
            *("evidence", "sentences_left_out"),
        ]
        for analysis in result["analyses"]
    )
    assert all(
        list(message) == ["key", "channel", "ts", "thread_ts"] for message in result["messages"]
    )


def test_run_shows_progress_and_the_messages(
    voc: Voc, prefect_api: str, sample_file: Path, home: Path
) -> None:
    ran = voc(
        *("run", "--source", sample_file, "--as-of", "2026-11-16", "--dry-run"),
        VOC_HOME=str(home),
        PREFECT_API_URL=prefect_api,
    )
    assert ran.code == 0, ran.err
    assert "VOC 주간 리포트 · W46, 11.9–15" in ran.out
    assert "규칙 기반 분석" in ran.out
    assert "Dry run for 2026-W46: nothing was posted." in ran.out
    assert all(line.startswith("· ") for line in ran.err.splitlines())


def test_status_reads_the_last_run(
    voc: Voc, home: Path, prefect_api: str, sample_file: Path
) -> None:
    ran = voc("status", "--json", VOC_HOME=str(home))
    assert ran.code == 0, ran.err
    assert list(ran.json) == ["rows"]
    assert all(list(row) == ROW_KEYS for row in ran.json["rows"])
    assert {row["status"] for row in ran.json["rows"]} == {
        "CRITICAL",
        "MONITOR",
        "IMPROVED",
        "STABLE",
    }
    assert {row["week_start"] for row in ran.json["rows"]} == {"2026-11-09"}


def test_report_writes_a_page_and_posts_nothing(voc: Voc, home: Path, tmp_path: Path) -> None:
    ran = voc("report", "--week", "2026-W46", "--out", tmp_path / "pages", VOC_HOME=str(home))
    assert (ran.code, ran.err) == (0, "")
    page = Path(ran.out.strip())
    assert page == tmp_path / "pages" / "2026-W46.html"
    assert "규칙 기반 분석" in page.read_text()
    assert "데이터 마지막 날" in page.read_text()
    assert 'href="2026-W46.html"' in page.with_name("index.html").read_text()


def test_status_of_another_week_and_status(voc: Voc, home: Path) -> None:
    ran = voc(
        "status",
        "--week",
        "2026-W45",
        "--status",
        "stable",
        "--status",
        "IMPROVED",
        "--json",
        VOC_HOME=str(home),
    )
    assert ran.code == 0, ran.err
    assert {row["week_start"] for row in ran.json["rows"]} == {"2026-11-02"}
    assert {row["status"] for row in ran.json["rows"]} <= {"STABLE", "IMPROVED"}


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ("2020-W01", "is before the data. The first week that has one before it is {0}: add --week {0}."),
        ("2026-W47", "was not computed; {0} to {1} were: add --week {1}, or run voc run --week {2} first"),
    ],
)  # fmt: skip
def test_a_week_that_was_not_computed_is_refused_with_those_that_were(
    voc: Voc, home: Path, week: str, said: str
) -> None:
    ran = voc("status", "--week", week, VOC_HOME=str(home))
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert f"voc: {week} {said.format('2026-W38', '2026-W46', week)}" in ran.err


def test_docs_of_tables_that_are_gone_are_refused(voc: Voc, tmp_path: Path) -> None:
    """dbt would describe an empty database, without a word."""
    gone = tmp_path / "home" / "duckdb" / "gone.duckdb"
    gone.parent.mkdir(parents=True)
    (tmp_path / "home" / "last_run.json").write_text(json.dumps({"duckdb_path": str(gone)}))
    ran = voc("docs")
    assert (ran.code, ran.err) == (
        3,
        f"voc: {gone} holds no report yet. Run voc run --source FILE.\n",
    )


def test_status_is_a_table_for_people(voc: Voc, home: Path) -> None:
    ran = voc("status", "--status", "CRITICAL", VOC_HOME=str(home), COLUMNS="160")
    assert ran.code == 0, ran.err
    assert "업로드 오류" in ran.out
    assert "2026-W46" in ran.out


def test_status_of_a_file_builds_it_first(voc: Voc, csv: Path) -> None:
    ran = voc("status", "--source", csv, "--week", "2026-W46", "--json")
    assert ran.code == 0, ran.err
    (row,) = ran.json["rows"]
    assert (row["base_total"], row["comparison_total"], row["status"]) == (1, 1, "STABLE")


def test_sample_writes_the_same_file_again(voc: Voc, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        options = [
            "--weeks",
            "2",
            "--tickets-per-week",
            "50",
            "--until",
            "2026-11-15",
            "--seed",
            "3",
        ]
        ran = voc("sample", "--out", tmp_path / name, *options)
        assert ran.code == 0, ran.err
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


WRONG = [
    (
        ["run"],
        3,
        "no source to read. Name a CSV, .xlsx or Parquet file with --source FILE (voc sample",
    ),
    (["run", "--source", "gone.csv"], 3, "cannot read"),
    (["run", "--source", "export.csv", "--week", "2099-W01"], 2, "2099-01-05 is in the future"),
    (
        ["run", "--source", "export.csv", "--as-of", "2099-01-05"],
        2,
        "2099-01-05 is in the future",
    ),
    (
        ["run", "--source", "export.csv", "--week", "2020-W01"],
        3,
        "2020-W01 would be compared with 2019-W52. Reports can be made on 2026-W46: add --week 2026-W46.",
    ),
    (["run", "--source", "export.csv", "--week", "46"], 2, "is not a week"),
    (["run", "--source", "export.csv", "--as-of", "Monday"], 2, "is not a date"),
    (
        ["run", "--source", "export.csv", "--week", "2026-W46", "--as-of", "2026-11-16"],
        2,
        "name the week twice",
    ),
    (["run", "--source", "export.csv", "--target", "oracle"], 2, "VOC_TARGET"),
    (["run", "--source", "export.csv", "--thread-ts", "x"], 2, "is not a thread_ts"),
    (["run", "--nonsense"], 2, "No such option"),
    (
        ["run", "--source", "export.csv", "--target", "bigquery"],
        2,
        "--source is read by the target duckdb only",
    ),
    (["run", "--source", "."], 3, "is a folder. Name one file."),
    (["run", "--source", "export.csv", "--map", "ids=id"], 2, "'ids' is not a column"),
    (["run", "--source", "export.csv", "--source-timezone", "Mars"], 2, "--source-timezone is not"),
    (["run", "--map", "id=id"], 2, "need the file. Add --source."),
    (["status", "--sheet", "티켓"], 2, "need the file. Add --source."),
    (["status", "--status", "WORSE", "--source", "export.csv"], 2, "'WORSE' is not a status"),
    (
        ["status"],
        3,
        "/home yet. Run voc run --source FILE, or name where one was: another VOC_HOME",
    ),
    (["docs"], 3, "no report was computed in"),
    (["open"], 3, "no report was computed in"),
    (
        ["status", "--source", "export.csv", "--week", "2026-W47"],
        3,
        "export.csv has no tickets in 2026-W47 (2026-11-16 – 2026-11-22): they are from 2026-11-03 to 2026-11-10. "
        "Reports can be made on 2026-W46: add --week 2026-W46.",
    ),
    (["sample", "--out", "x.xlsx"], 2, ".parquet or .csv"),
    (["sample", "--out", "x.csv", "--until", "soon"], 2, "is not a date"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_mistake_gets_one_line_before_anything_slow_is_imported(
    voc: Voc, csv: Path, arguments: list[str], code: int, message: str
) -> None:
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flows.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = finished.stderr.splitlines()
    imported = {line.rsplit("|", 1)[1].strip() for line in lines if line.startswith("import time:")}
    said = [line for line in lines if not line.startswith("import time:")]
    assert finished.returncode == code, said
    assert len(said) == 1
    assert message in said[0]
    assert not {"prefect", "dbt.cli.main", "prefect_gcp"} & imported


@pytest.mark.parametrize(
    ("arguments", "code", "message"), WRONG[:3], ids=lambda value: str(value)[:40]
)
def test_with_json_an_error_is_one_object_too(
    voc: Voc, csv: Path, arguments: list[str], code: int, message: str
) -> None:
    ran = voc(*arguments, "--json")
    assert ran.code == code
    assert ran.json["outcome"] == "error"
    assert ran.json["error"]["code"] == code
    assert message in ran.json["error"]["message"]
    assert ran.err == ""


def test_a_run_inside_prefect_reads_the_file_as_the_options_say(
    voc: Voc, tmp_path: Path, prefect_api: str
) -> None:
    path = tmp_path / "export.csv"
    # Two Sundays: read as UTC, 20:00 would be Monday in Seoul, and the tickets of the weeks after.
    days = [8] * 10 + [15] * 20
    rows = [f"#{n},2026. 11. {day}. 오후 8:00,유저,bad" for n, day in enumerate(days)]
    path.write_text("\n".join(["Ticket ID,Created at,대분류,감정", *rows]) + "\n", encoding="cp949")
    options = ["--source-timezone", "Asia/Seoul", "--map-emotion", "부정=bad"]
    for pair in ("id=Ticket ID", "event_create_time=Created at", "category1=대분류"):
        options += ["--map", pair]
    options += ["--map", "overall_emotion=감정", "--week", "2026-W46", "--source", str(path)]
    ran = voc("run", *options, "--json", PREFECT_API_URL=prefect_api)
    assert ran.code == 0, ran.err
    (change,) = ran.json["changes"]
    assert [change[key] for key in ("base_total", "comparison_total", "comparison_negative")] == [
        *(10, 20, 20)
    ]
    said = ran.err.splitlines()
    assert said.count("· export.csv: 30 rows read, 0 refused") == 1
    assert said.count("· export.csv is not UTF-8: it is read as CP949 (EUC-KR)") == 1
    assert any("they are read as Asia/Seoul" in line for line in said)
    (row,) = voc("status", "--json").json["rows"]
    assert row["comparison_total"] == 20
    refused = voc("status", "--source", path)
    assert refused.code == 3
    assert '--map id="Ticket ID" --map event_create_time="Created at"' in refused.err


def test_a_report_week_after_the_data_is_no_data(voc: Voc, csv: Path) -> None:
    csv.write_text(csv.read_text().replace("2026-11", "2026-10"))
    shown = voc("run", "--source", csv, "--week", "2026-W46")
    assert (shown.code, shown.out) == (3, "Nothing was posted for 2026-W46.\n")
    assert shown.err.endswith(
        "has no tickets in 2026-W46 (2026-11-09 – 2026-11-15): they are from 2026-10-03 to 2026-10-10. "
        "Reports can be made on 2026-W41: add --week 2026-W41.\n"
    )
    ran = voc("run", "--source", csv, "--week", "2026-W46", "--json")
    assert ran.code == 3
    assert ran.json["outcome"] == "no_data"
    assert ran.json["report_week"]["label"] == "2026-W46"
    assert ran.json["messages"] == []


def test_a_broken_threshold_seed_is_refused(tmp_path: Path, csv: Path) -> None:
    project = _copy_of_project(tmp_path)
    seed = project / "dbt_project" / "seeds" / "status_thresholds.csv"
    seed.write_text(seed.read_text() + "CRITICAL,유저,,,-5,30,20,\n")
    ran = subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "--source", str(csv)],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
    )
    assert ran.returncode == 2
    assert "status_thresholds.csv line 5: min_total '-5' is not a whole number" in ran.stderr


def test_without_dbt_the_way_to_get_it_is_said(tmp_path: Path, csv: Path, prefect_api: str) -> None:
    hide = tmp_path / "hidden"
    hide.mkdir()
    (hide / "dbt.py").write_text("raise ImportError('gone', name='dbt')\n")
    ran = subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "--source", str(csv), "--week", "2026-W46"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(hide), "PREFECT_API_URL": prefect_api},
    )
    assert ran.returncode == 4
    assert "dbt cannot be imported. Run make setup." in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_failed_data_test_is_one_line_too(
    voc: Voc, csv: Path, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = open_source(load_settings(), csv, AS_OF)
    with duckdb.connect(str(file.workspace.duckdb_path)) as connection:
        connection.execute("update source.tickets set id = null where id = '1'")
    ran = voc("run", "--source", csv, "--week", "2026-W46", PREFECT_API_URL=prefect_api)
    assert ran.code == 4
    *progress, said = ran.err.splitlines()
    assert said.startswith("voc: dbt failed, nothing was posted: model fct_voc_weekly_counts")
    assert all(line.startswith("· ") for line in progress)


def test_a_prefect_api_that_does_not_answer_is_said_so(voc: Voc, csv: Path) -> None:
    ran = voc(
        "run", "--source", csv, "--week", "2026-W46", PREFECT_API_URL="http://127.0.0.1:9/api"
    )
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        "voc: no Prefect server answers at http://127.0.0.1:9/api (ConnectError). "
        "Start it, or unset PREFECT_API_URL."
    )


def test_slack_errors_have_their_own_exit_code(voc: Voc, csv: Path, prefect_api: str) -> None:
    with FakeSlack() as slack:
        ran = voc(
            *("run", "--source", csv, "--week", "2026-W46", "--channel", "C0TEST", "--json"),
            PREFECT_API_URL=prefect_api,
            SLACK_API_URL=slack.url + "/api/",
            SLACK_BOT_TOKEN="xoxb-wrong",
        )
    assert ran.code == 5
    assert "invalid_auth. Check SLACK_BOT_TOKEN." in ran.json["error"]["message"]
    assert "xoxb-wrong" not in ran.out + ran.err


def test_a_run_needs_no_prefect_server(
    voc: Voc, sample_file: Path, home: Path, tmp_path: Path
) -> None:
    ran = voc(
        *("run", "--source", sample_file, "--week", "2026-W46", "--channel", "C0ELSEWHERE"),
        VOC_HOME=str(home),
        PREFECT_HOME=str(tmp_path / "prefect"),
        PREFECT_API_URL="",
    )
    assert ran.code == 0, ran.err
    assert "Posted 6 message(s) for 2026-W46 to C0ELSEWHERE." in ran.out
    assert all(line.startswith("· ") for line in ran.err.splitlines()), ran.err


def test_an_interrupt_during_an_import_has_the_exit_code_of_any_other(tmp_path: Path) -> None:
    """Imports run generated code: an interrupt there made `python -m` end by a signal."""
    (tmp_path / "interrupted.py").write_text(
        "from flows.cli import main as cli\n"
        "def app(**_):\n"
        "    try:\n"
        "        exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt:\n"
        "        return cli.INTERRUPTED\n"
        "cli.app = app\n"
        "cli.main()\n"
    )
    ran = subprocess.run([sys.executable, "-m", "interrupted"], check=False, capture_output=True)
    assert (ran.returncode, ran.stderr) == (130, b"voc: interrupted\n")


def test_doctor_ticks_only_what_answers(voc: Voc, csv: Path, prefect_api: str) -> None:
    ran = voc("doctor", "--source", csv, PREFECT_API_URL=prefect_api, COLUMNS="200")
    assert ran.code == 0, ran.out + ran.err
    ticked = [line.split()[1] for line in ran.out.splitlines() if line.strip().startswith("✓")]
    assert ticked == ["thresholds", "dbt", "source", "Prefect"]
    assert "no SLACK_BOT_TOKEN" in ran.out
    assert "no LAAS_API_KEY" in ran.out
    assert re.search(r"–\s+report .*reports.*without VOC_REPORT_URL nothing links there", ran.out)


def test_doctor_says_where_pages_are_seen_and_that_pictures_lack_a_scope(
    voc: Voc, csv: Path, prefect_api: str
) -> None:
    scopes = [scope for scope in DEFAULT_SCOPES if scope != "files:write"]
    with FakeSlack(scopes=scopes) as slack:
        ran = voc(
            *("doctor", "--source", csv),
            PREFECT_API_URL=prefect_api,
            SLACK_API_URL=slack.url + "/api/",
            SLACK_BOT_TOKEN=slack.token,
            VOC_SLACK_CHANNEL="C0TEST",
            VOC_REPORT_URL="https://voc.example/reports",
            COLUMNS="250",
        )
    assert ran.code == 0
    assert re.search(r"–\s+Slack .*lacks the scope files:write", ran.out)
    assert re.search(r"✓\s+report .*seen under https://voc.example/reports", ran.out)


def test_doctor_names_what_does_not_answer(voc: Voc, csv: Path) -> None:
    with FakeSlack(scopes=("channels:history",)) as slack:
        ran = voc(
            *("doctor", "--source", csv),
            PREFECT_API_URL="http://127.0.0.1:9/api",
            SLACK_API_URL=slack.url + "/api/",
            SLACK_BOT_TOKEN=slack.token,
            VOC_SLACK_CHANNEL="C0TEST",
            LAAS_BASE_URL="http://127.0.0.1:9",
            LAAS_API_KEY="marked-secret",
            COLUMNS="200",
        )
    assert ran.code == 5
    failed = [line.split()[1] for line in ran.out.splitlines() if line.strip().startswith("✗")]
    assert failed == ["Slack", "LaaS", "Prefect"]
    assert "lacks the scope chat:write" in ran.out
    assert "marked-secret" not in ran.out + ran.err


def test_an_app_that_may_not_read_the_channel_is_no_failure_and_posts_once(
    voc: Voc, csv: Path, prefect_api: str
) -> None:
    with FakeSlack(scopes=("chat:write",)) as slack:
        settings = {
            "PREFECT_API_URL": prefect_api,
            "SLACK_API_URL": slack.url + "/api/",
            "SLACK_BOT_TOKEN": slack.token,
            "VOC_SLACK_CHANNEL": "C0TEST",
            "COLUMNS": "200",
        }
        examined = voc("doctor", "--source", csv, **settings)
        arguments = ("run", "--source", csv, "--as-of", "2026-11-16", "--json")
        tables_stand = settings | {"CHAOS_TABLES_STAND": "1"}
        runs = [
            voc(*arguments, **settings),
            run_module("tests.hurried", *arguments, environment=tables_stand),
        ]
        posted = [call.method for call in slack.requests].count("chat.postMessage")
    assert examined.code == 0, examined.out
    assert re.search(r"–\s+Slack .*scope channels:history.*Prefect remembers", examined.out)
    assert [ran.json["outcome"] for ran in runs] == ["quiet", "already_posted"]
    assert "Give the app the scope channels:history" in runs[0].err
    assert posted == 2  # the summary and the receipt


def test_a_slack_that_stays_away_ends_the_run_in_one_line(csv: Path, prefect_api: str) -> None:
    with FakeSlack() as slack:
        slack.on(do=Reply(503, b"<html>Service Unavailable</html>"))
        settings = {
            "PREFECT_API_URL": prefect_api,
            "SLACK_API_URL": slack.url + "/api/",
            "SLACK_BOT_TOKEN": slack.token,
            "VOC_SLACK_CHANNEL": "C0TEST",
        }
        arguments = ("run", "--source", csv, "--week", "2026-W46")
        ran = run_module("tests.hurried", *arguments, environment=settings)
    assert ran.code == 5
    assert ran.err.splitlines()[-1] == (
        "voc: Slack gave no usable answer (HTTP 503). "
        "Run again in some minutes: what is missing will be posted, nothing twice."
    )
    assert "· Slack: HTTP 503, next try in 1 s" in ran.err
    assert len(slack.requests) == 7


def test_every_command_has_help(voc: Voc) -> None:
    for command in ("run", "status", "backtest", "report", "sample", "doctor", "purge", "docs"):
        ran = voc(command, "--help")
        assert ran.code == 0
        assert "Usage" in ran.out


def _copy_of_project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for name in ("flows", "dbt_project"):
        shutil.copytree(
            PROJECT_ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("dbt_project.yml", "profiles.yml", "pyproject.toml"):
        shutil.copy(PROJECT_ROOT / name, project)
    return project


def test_a_backfill_of_a_file_shows_its_progress(voc: Voc, csv: Path) -> None:
    arguments = ("backfill", "--from", "2026-W45", "--to", "2026-W46", "--source", csv)
    for _ in range(2):  # counted whole the first time, the weeks asked for the second
        ran = voc(*arguments)
        assert ran.code == 0, ran.err
        assert ran.out == (
            "Counted 2026-W45 to 2026-W46 again; nothing was posted. See voc status --week 2026-W46.\n"
        )
        read, *progress = ran.err.splitlines()
        assert read == "· export.csv: 2 rows read, 0 refused"
        lines = [re.fullmatch(r"· dbt (\d+) of (\d+): \w+", line) for line in progress]
        shown = [(int(line[1]), int(line[2])) for line in lines if line]
        # dbt starts several at a time, and the second may be shown before the first.
        numbers, (total,) = [number for number, _ in shown], {total for _, total in shown}
        assert min(numbers) == 1
        assert max(numbers) <= total
        assert len(set(numbers)) == len(lines)
    status = voc("status", "--week", "2026-W46", "--json")
    assert [row["comparison_total"] for row in status.json["rows"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--from", "2026-W46", "--to", "2026-W45"), 2, "--from is after --to. Swap them."),
        (("--from", "2026-W45", "--to", "2036-W46"), 2, "is in the future"),
        (("--from", "W45", "--to", "2026-W46"), 2, "'W45' is not a week. Write it as 2026-W46."),
        (("--from", "2026-W45", "--to", "2026-W46"), 3, "no source to read."),
        (("--from", "2026-W45"), 2, "Missing option '--to'"),
    ],
)
def test_a_backfill_that_cannot_be_is_one_line(
    voc: Voc, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = voc("backfill", *arguments)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1

"""What `voc` draws: tables, charts, progress, help and what Tab offers, on a terminal and through a pipe."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from flows.cli.main import app
from tests.conftest import Voc, run_voc
from tests.terminal import COLOURS, voc_on_a_terminal

pytestmark = pytest.mark.slow

STATUSES = ["CRITICAL", "MONITOR", "IMPROVED", "STABLE"]
SPARKLINE = re.compile("[▁▂▃▄▅▆▇█]{8}")
WORST = "유저 / 이력서 / 업로드 오류"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Path:
    """A home whose last tables are those of the sample, built once."""
    home = tmp_path_factory.mktemp("display") / "home"
    ran = run_voc("status", "--source", sample_file, "--week", "2026-W46", VOC_HOME=str(home))
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_HOME", str(home))
    monkeypatch.delenv("COLUMNS", raising=False)


def column_of_sparkline(line: str) -> int:
    found = SPARKLINE.search(line)
    assert found, line
    return cell_len(line[: found.start()])


@pytest.mark.usefixtures("at_home")
class TestStatus:
    def test_a_headline_tells_the_week_the_counts_and_the_worst(self, voc: Voc) -> None:
        week, counts, alarms, first, *_ = voc("status").out.splitlines()
        assert week == "2026-W46 (2026-11-09 – 2026-11-15) against 2026-W45"
        assert re.fullmatch(r"🔴 2 CRITICAL   🟠 2 MONITOR   🟢 2 IMPROVED   ⚪ \d+ STABLE", counts)
        assert alarms == "4 alarms, 3 of them clear · fewer than chance alone would give"
        assert re.fullmatch(rf"Look first: {WORST}, \d+ → \d+ \(\+[\d.]+%\)", first)

    def test_a_pipe_gets_one_aligned_line_a_category(self, voc: Voc) -> None:
        ran = voc("status")
        rows = [line for line in ran.out.splitlines() if SPARKLINE.search(line)]
        assert len(rows) == len(voc("status", "--json").json["rows"])
        assert len({column_of_sparkline(row) for row in rows}) == 1
        assert re.match(rf"🔴 CRITICAL  {WORST} +\d+ → \d+ +\+[\d.]+% .*  more tickets *$", rows[0])
        assert "\x1b" not in ran.out

    @pytest.mark.parametrize("columns", [60, 80, 100, 140])
    def test_numbers_are_whole_on_any_terminal(self, voc: Voc, columns: int) -> None:
        shown = voc_on_a_terminal("status", columns=columns)
        assert shown.code == 0
        text = "\n".join(shown.lines)
        assert max(map(cell_len, shown.lines[:-2])) <= columns
        assert "…" not in text
        for row in voc("status", "--json").json["rows"]:
            assert f"{row['base_total']:,} → {row['comparison_total']:,}" in text
        assert "more negative" in text  # why, beside or below the category

    def test_what_matters_less_gives_way_on_a_narrow_terminal(self) -> None:
        tables = {
            columns: voc_on_a_terminal("status", columns=columns).lines
            for columns in (140, 100, 80, 60)
        }
        shown = {
            columns: re.split(
                "  +", next(line for line in lines if line.startswith("status ")).strip()
            )
            for columns, lines in tables.items()
        }
        assert shown[140] == [
            *("status", "category", "tickets", "change", "negative"),
            *("usual", "evidence", "8 weeks", "why"),
        ]
        assert shown[100] == shown[140][:-1]
        assert shown[80] == ["status", "category", "tickets", "change", "usual", "evidence"]
        assert shown[60] == ["status", "category", "tickets", "change"]

    def test_each_row_has_its_mark_and_its_usual_range(self, voc: Voc) -> None:
        rows = voc("status", "--json").json["rows"]
        lines = [line for line in voc("status").out.splitlines() if SPARKLINE.search(line)]
        marks = {"strong": "◆ clear", "weak": "◇ weak", None: ""}
        for row, line in zip(rows, lines, strict=True):
            assert f"{row['usual_low']:,}–{row['usual_high']:,}  {marks[row['evidence']]}" in line
        assert [row["evidence"] for row in rows[:4]] == ["strong", "strong", "strong", "weak"]

    def test_a_terminal_gets_colours_and_where_to_go_on(self) -> None:
        shown = voc_on_a_terminal("status", columns=120)
        assert "\x1b[1;31m🔴 CRITICAL" in shown.raw
        assert shown.lines[-2] == f"The weeks of one: voc history --category '{WORST}'"

    @pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_colours_can_be_switched_off(self, setting: dict[str, str]) -> None:
        shown = voc_on_a_terminal("status", columns=120, **setting)
        assert "🔴 CRITICAL" in shown.raw
        assert not COLOURS.search(shown.raw)

    def test_that_no_category_has_the_status_is_said(self, voc: Voc) -> None:
        ran = voc("status", "--week", "2026-W45", "--status", "CRITICAL")
        assert ran.code == 0
        assert ran.out.splitlines()[-1] == "No category has such a status."


@pytest.mark.usefixtures("at_home")
class TestOpen:
    def test_the_newest_page_is_opened(self, voc: Voc, home: Path) -> None:
        ran = voc("open")
        assert (ran.code, ran.err) == (
            3,
            "voc: no report was written as a page yet. Run voc run first.\n",
        )
        (file,) = (home / "duckdb").iterdir()
        tried = home / "dry-run" / file.name
        tried.mkdir(parents=True)
        (tried / "2026-W47.html").touch()
        assert voc("open", BROWSER="true").out == f"{tried / '2026-W47.html'}\n"
        folder = home / "reports" / file.name
        folder.mkdir(parents=True)
        for name in ("2026-W45.html", "2026-W46.html", "2026-W46.json", "index.html"):
            (folder / name).touch()
        assert voc("open", BROWSER="true").out == f"{folder / '2026-W46.html'}\n"
        assert "no browser" in voc("open", BROWSER="no-such-program").out


@pytest.mark.usefixtures("at_home")
class TestHistory:
    def test_a_level_is_the_sum_of_what_is_below_it(self, voc: Voc, home: Path) -> None:
        (database,) = home.glob("duckdb/*/warehouse.duckdb")
        with duckdb.connect(str(database), read_only=True) as connection:
            counted = connection.sql(
                "select sum(total_count), sum(negative_count) from fct_voc_weekly_counts "
                "where category1 = '유저' and category2 = '이력서' group by week_start order by week_start"
            ).fetchall()
        ran = voc("history", "--category", "유저/이력서", "--json")
        assert ran.code == 0, ran.err
        assert ran.json["category"] == ["유저", "이력서"]
        weeks = ran.json["weeks"]
        assert [(week["total_count"], week["negative_count"]) for week in weeks] == counted
        assert list(weeks[-1]) == [
            *("week_start", "week_label", "total_count", "negative_count"),
            *("negative_ratio", "status", "usual_low", "usual_high", "evidence"),
        ]
        assert {week["usual_low"] for week in weeks} == {None}  # ranges do not add up
        assert (weeks[0]["status"], weeks[-1]["status"]) == (None, "CRITICAL")

    def test_a_week_is_a_line_with_a_bar_to_scale(self, voc: Voc) -> None:
        ran = voc("history", "--category", WORST, COLUMNS="80")
        assert ran.out.splitlines()[0] == f"{WORST}, 2026-W37 to 2026-W46"
        rows = re.findall(
            r"^(2026-W\d+)  (█*░*)·* +(\d+) +(\d+)%  +(?:(\d+)–(\d+)|–)(?:  (\S+) (\w+)(?: ◆)?)? *$",
            ran.out,
            re.MULTILINE,
        )
        assert [week for week, *_ in rows] == [f"2026-W{number}" for number in range(37, 47)]
        bars = {int(tickets): len(bar) for _, bar, tickets, *_ in rows}
        most, least = max(bars), min(bars)
        assert bars[least] == round(bars[most] * least / most)
        assert rows[-1][-2:] == ("🔴", "CRITICAL")
        low, high = map(int, rows[-1][4:6])
        assert low < least < high < most  # the last week is beyond what was usual
        assert "· usual range" in ran.out
        assert "\x1b" not in ran.out

    def test_negative_tickets_have_a_colour_of_their_own(self) -> None:
        shown = voc_on_a_terminal("history", "--category", WORST)
        assert re.search("\x1b\\[31m█+\x1b\\[0m\x1b\\[36m░+", shown.raw)
        assert max(map(cell_len, shown.lines)) <= 80

    def test_a_week_without_tickets_is_there(self, voc: Voc) -> None:
        ran = voc("history", "--category", "유저 / 이벤트 / 출석 이벤트", "--weeks", "2")
        assert re.search(r"^2026-W46 +·+ +0 +–  10–26  🟢 IMPROVED ◆", ran.out, re.MULTILINE)

    def test_it_ends_with_the_week_that_is_asked_for(self, voc: Voc) -> None:
        ran = voc("history", "--category", WORST, "--weeks", "3", "--week", "2026-W44", "--json")
        labels = [week["week_label"] for week in ran.json["weeks"]]
        assert labels == ["2026-W42", "2026-W43", "2026-W44"]

    def test_an_unknown_category_is_one_line_with_those_near_it(self, voc: Voc) -> None:
        ran = voc("history", "--category", "유저 / 이럭서")
        assert ran.code == 2
        assert ran.err.startswith(
            "voc: '유저 / 이럭서' is not a category. Did you mean '유저 / 이력서'"
        )
        assert len(ran.err.splitlines()) == 1


class TestRun:
    @pytest.fixture
    def csv(self, tmp_path: Path) -> Path:
        path = tmp_path / "export.csv"
        path.write_text(
            "id,event_create_time,category1,overall_emotion\n"
            "1,2026-11-03T01:00:00Z,유저,부정\n"
            + "".join(f"{n},2026-11-10T01:00:00Z,유저,중립\n" for n in range(2, 42))
        )
        return path

    def test_a_terminal_shows_each_step_with_its_time_and_where_to_look(
        self, csv: Path, prefect_api: str
    ) -> None:
        shown = voc_on_a_terminal(
            *("run", "--source", csv, "--week", "2026-W46"), PREFECT_API_URL=prefect_api
        )
        assert shown.code == 0, shown.raw
        steps = [line for line in shown.lines if re.match(r"✓ \d+:\d\d  ", line)]
        assert [step.split("  ", 1)[1] for step in steps] == [
            "export.csv: 41 rows read, 0 refused",
            "loading Prefect and dbt",
            "dbt: building the tables",
            "2026-W46: CRITICAL 1, MONITOR 0, IMPROVED 0, STABLE 0",
            "analysing 1 categories",
            "2026-W46 posted",
        ]
        assert re.search(r"dbt: building the tables · dbt \d+ of \d+: \w+", shown.raw)
        assert not [line for line in shown.lines if re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", line)]
        assert shown.raw.rfind("\x1b[?25h") > shown.raw.rfind("\x1b[?25l")  # the cursor is back
        *_, closing, messages, report, table, trend, _ = shown.lines
        assert closing == "Posted 3 message(s) for 2026-W46 to outbox."
        assert messages == f"  messages  {os.environ['VOC_HOME']}/outbox"
        assert re.fullmatch(
            rf"  report    {os.environ['VOC_HOME']}/reports/export-\w+/2026-W46\.html", report
        )
        assert table == "  table     voc status"
        assert trend == "  trend     voc history --category '유저 / (미분류)'"

    def test_a_step_that_fails_is_marked(self, csv: Path) -> None:
        shown = voc_on_a_terminal(
            *("run", "--source", csv, "--week", "2026-W46"),
            PREFECT_API_URL="http://127.0.0.1:9/api",
        )
        assert shown.code == 2
        _, step, error, _ = shown.lines
        assert re.fullmatch(r"✗ \d+:\d\d  loading Prefect and dbt", step)
        assert error.startswith("voc: no Prefect server answers")

    def test_a_home_that_cannot_be_is_a_wrong_setting(self, voc: Voc, csv: Path) -> None:
        ran = voc("run", "--source", csv, "--week", "2026-W46", VOC_HOME=f"{csv}/home")
        assert ran.code == 2
        assert "Set VOC_HOME to a folder you may write." in ran.err
        assert len(ran.err.splitlines()) == 1


def help_of(*command: str) -> str:
    return CliRunner().invoke(app, [*command, "--help"], env={"TERMINAL_WIDTH": "100"}).output


COMMANDS = [
    command.name or command.callback.__name__
    for command in app.registered_commands
    if command.callback
]


class TestHelp:
    @pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
    def test_every_command_has_examples_that_can_be_typed(self, command: tuple[str, ...]) -> None:
        text = help_of(*command)
        assert "Examples:" in text
        examples = re.findall(r"^ voc (.+?) *$", text, re.MULTILINE)
        assert examples
        for example in examples:
            arguments = shlex.split(example)
            assert arguments[: len(command)] == list(command)
            # Click reads the whole line before it answers --help.
            result = CliRunner().invoke(app, [*arguments, "--help"])
            assert result.exit_code == 0, (example, result.output)

    @pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
    def test_a_flag_has_no_type(self, command: tuple[str, ...]) -> None:
        assert not re.search(r"<\w+>", help_of(*command))

    def test_it_needs_nothing_slow(self) -> None:
        assert not imported_by("--help") & {"pydantic", "duckdb", "prefect", "dbt", "httpx"}


def imported_by(*arguments: str, **environment: str) -> set[str]:
    """Top-level packages that a command imports."""
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flows.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    lines = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


def bash(*words: str) -> dict[str, str]:
    """What bash tells a command of which the last word is being completed."""
    return {
        "_VOC_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(("voc", *words)),
        "COMP_CWORD": str(len(words)),
    }


@pytest.mark.usefixtures("at_home")
class TestCompletion:
    @pytest.mark.parametrize(
        ("words", "offered"),
        [
            (("stat",), ["status"]),
            (("run", "--dr"), ["--dry-run"]),
            (("status", "--status", ""), STATUSES),
            (("status", "--status", "cri"), ["critical"]),
            (("status", "--target", "b"), ["bigquery"]),
            (("status", "--week", "2026-W4"), [f"2026-W{week}" for week in range(46, 39, -1)]),
            (
                ("history", "--category", '"유저 / 이력서 / '),
                [f"유저 / 이력서 / {name}" for name in ("공개 설정", "업로드 오류", "작성·수정")],
            ),
            (
                ("history", "--category", r"유저\ /\ 이력서\ /\ 공"),
                [r"유저\ /\ 이력서\ /\ 공개\ 설정"],
            ),
        ],
    )
    def test_tab_offers_what_may_come_next(
        self, voc: Voc, words: tuple[str, ...], offered: list[str]
    ) -> None:
        ran = voc(**bash(*words))
        assert (ran.out.splitlines(), ran.err, ran.code) == (offered, "", 0)

    @pytest.mark.parametrize(
        "setting",
        [
            {"VOC_HOME": "gone"},
            {"VOC_DUCKDB_PATH": "gone.duckdb"},
            {"VOC_TIMEZONE": "Mars/Base"},
            {"COMP_CWORD": "many"},
        ],
    )
    def test_where_there_is_nothing_to_offer_nothing_is_said(
        self, voc: Voc, setting: dict[str, str]
    ) -> None:
        ran = voc(**bash("status", "--week", "") | setting)
        assert (ran.out.strip(), ran.err) == ("", "")

    def test_names_that_do_something_in_a_shell_are_not_offered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flows.cli.commands import completion

        live = ["$(id)", "`id`", "\\$(id)", '"; id; "', "it's", "!!"]
        found = [(name, "b", "c") for name in ("결제", *live)]
        monkeypatch.setattr("flows.warehouse.marts.read_categories", lambda _: found)
        assert {name.split(" / ")[0] for name in completion.categories()} == {"결제"}

    def test_it_imports_neither_dbt_nor_prefect(self) -> None:
        imported = imported_by(**bash("history", "--category", ""))
        assert "duckdb" in imported
        assert not imported & {"dbt", "prefect", "prefect_gcp", "httpx"}

    def test_it_works_in_bash_once_it_is_installed(self, tmp_path: Path) -> None:
        voc = Path(sys.executable).with_name("voc")
        script = (
            f"{voc} --install-completion >/dev/null; source ~/.bashrc; "
            f"COMP_WORDS=({voc} history --category 포인트) COMP_CWORD=3; "
            f"_voc_completion {voc}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        finished = subprocess.run(
            ["bash", "--norc", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"HOME": str(tmp_path)},
        )
        assert finished.stderr == ""
        assert finished.stdout.splitlines()[:2] == ["포인트", r"포인트\ /\ 사용"]

    def test_zsh_is_given_names_in_quotes(self, voc: Voc) -> None:
        asked = 'voc history --category "유저 / 이력서 / 공'
        ran = voc(_VOC_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=asked)
        assert ran.out == "_arguments '*: :((\"유저 / 이력서 / 공개 설정\"))'\n"

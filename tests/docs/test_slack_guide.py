"""docs/SLACK_GUIDE.md says what the code says: texts, words, settings and files; its snippets fit in here."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import prefect.settings
import pytest
import yaml
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from bot import words
from bot.listeners.commands import COMMANDS
from bot.runs import Origin, Run, Stage
from bot.settings import BotSettings
from bot.texts import Phrases
from catalogue import entries
from flows import PROJECT_ROOT
from flows.questions.reading import Unclear, read_question
from flows.report.answers import CategoryAnswer
from flows.report.categories import Names
from flows.report.outcome import Outcome
from flows.report.values import (
    Alarms,
    CategoryWeek,
    Example,
    Keyword,
    Week,
    WeeklyReport,
    WeekPair,
)
from flows.runtime.settings import Settings
from flows.slack import web_api
from flows.slack.answers import AnswerComposer
from flows.slack.preview import preview
from flows.source.owners import SEED, check_owners
from tests.builders import (
    KOREAN,
    build_analysis,
    build_change,
    build_changes,
    build_composer,
    build_report,
)

PATH = PROJECT_ROOT / "docs" / "SLACK_GUIDE.md"
GUIDE = PATH.read_text()
SYMPTOMS = "| 증상 | 원인 | 조치 |"
WEEKS = WeekPair(
    comparison=Week(date(2026, 11, 9), date(2026, 11, 15), "2026-W46"),
    base=Week(date(2026, 11, 2), date(2026, 11, 8), "2026-W45"),
)
WORSE = build_change(
    base=38,
    comparison=69,
    base_negative_ratio=16 / 38,
    comparison_negative_ratio=28 / 69,
    negative_ratio_change_pp=100 * (28 / 69 - 16 / 38),
    total_last_8_weeks=(38,) * 7 + (69,),
    weeks_before=8,
    usual_low=26,
    usual_high=50,
    p_increase=9.85e-6,
    evidence="strong",
    alarm_weeks=1,
    weeks_since_alarm=5,
)
BETTER = build_change(
    "IMPROVED",
    ("기업", "공고", "수정"),
    30,
    18,
    base_negative_ratio=0.2,
    comparison_negative_ratio=0.2,
    negative_ratio_change_pp=0.0,
    total_last_8_weeks=(30,) * 7 + (18,),
    weeks_before=8,
    usual_low=18,
    usual_high=43,
    p_decrease=0.03,
    evidence="weak",
    alert_status_before="MONITOR",
    resolution="resolved",
)
STABLE = build_changes("STABLE", 45)
TODAY = date(2026, 11, 27)
ALARMS = Alarms(1, 1, 0.9, 1.0, 0.2, 0.2, 2969, 3004, 712, 760, 2800, 3135)


PHRASES = Phrases(KOREAN)


def without_marks(text: str) -> str:
    """Without what makes text bold or code: the guide sets its own."""
    return re.sub(r"[*`]", "", text)


def assert_quoted(text: str) -> None:
    assert without_marks(text) in without_marks(GUIDE)


def said(state: str, stage: Stage, message: str = "") -> str:
    """What the bot says of a run, without the link at the end."""
    at = datetime(2026, 11, 16, tzinfo=UTC)
    run = Run(UUID(int=0), Origin("C", "U", "r.1"), state, message, at, at, at, "voc", None)
    text, link, _ = PHRASES.progress(run, stage).rpartition(" · 실행 ")
    assert link
    return text


def snippets(language: str) -> list[str]:
    """Without the indentation of the list item that a snippet belongs to; its own stays."""
    fenced = rf"^( *)```{language}\n(.*?)^\1```$"
    found = re.findall(fenced, GUIDE, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def new_files() -> set[str]:
    """The files that the guide has its reader make."""
    return set(re.findall(r"새 파일 `([^`]+)`", GUIDE))


def files() -> set[str]:
    """The paths in the guide, as seen from the project's folder."""
    code = re.findall(
        r"`((?:[\w-]+/)*[\w.-]+\.(?:py|ya?ml|md|csv|sql|html|toml|env|sh))`", GUIDE
    ) + re.findall(r"entrypoint: ([\w/]+\.py):", GUIDE)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", GUIDE)
    targets = [(PATH.parent / link).resolve().relative_to(PROJECT_ROOT) for link in links]
    return {*code, *map(str, targets)}


def settings_of(model: type[BaseSettings]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name.upper()]
        names |= {str(choice) for choice in choices}
    return names


def rows_below(header: str) -> list[list[str]]:
    """The cells of each row of the table with this header."""
    assert GUIDE.count(header) == 1
    lines = GUIDE.split(header)[1].splitlines()[2:]
    end = next(number for number, line in enumerate(lines) if not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


@pytest.mark.parametrize("stage", [stage for stage in get_args(Stage) if stage != "completed"])
def test_every_stage_is_there(stage: Stage) -> None:
    for state in ("SCHEDULED", "RUNNING", "FAILED", "CRASHED"):
        if stage in ("failed", "unattended") or state == "SCHEDULED":
            assert_quoted(said(state, stage))


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_is_there(outcome: Outcome) -> None:
    text = said("COMPLETED", "completed", f"2026-W46 {outcome}")
    assert outcome not in text, "the bot has no words for it"
    assert f"| {text} |" in GUIDE


def test_a_run_that_explains_itself_is_quoted() -> None:
    error = "failed slack: Slack refused: not_in_channel. Invite the app with /invite."
    assert f"| {said('FAILED', 'failed', error)} |" in GUIDE
    assert "| ✅ 완료 |" in GUIDE


@pytest.mark.parametrize(
    "text",
    [
        KOREAN("bot.help"),
        KOREAN("bot.prefect_down"),
        KOREAN("bot.not_deployed"),
        KOREAN("bot.not_allowed"),
        KOREAN("bot.nothing_ran"),
        KOREAN("bot.restarting"),
        PHRASES.unexpected("1a2b3c4d"),
        PHRASES.greeting("U", "0.1.0-47c8230", prefect_answers=True).replace("<@U>", "@나"),
        PHRASES.greeting("U", "", prefect_answers=False).split(". ")[1],
    ],
)
def test_every_other_answer_is_there(text: str) -> None:
    assert_quoted(text)


def test_no_text_of_the_bot_is_forgotten() -> None:
    """Whoever adds a text without placeholders adds it above too."""
    plain = {
        key for key, texts in entries().items() if key.startswith("bot.") and "{" not in texts["ko"]
    }
    parts_of_others = {"bot.phrases", "bot.answers", "bot.no_answer", "bot.recent", "bot.run"}
    assert plain - parts_of_others == {
        "bot.help",
        "bot.prefect_down",
        "bot.not_deployed",
        "bot.not_allowed",
        "bot.nothing_ran",
        "bot.restarting",
    }


def test_the_list_of_runs_looks_like_this() -> None:
    at = datetime(2026, 11, 16, tzinfo=UTC)
    origin = Origin("", "", "")
    ended = "2026-W46 posted"
    url = "http://prefect.example/run"
    waiting = Run(UUID(int=1), origin, "SCHEDULED", "", at, at, at, "voc", url)
    done = Run(UUID(int=2), origin, "COMPLETED", ended, at, at, at, "voc", url)
    shown = PHRASES.recent([waiting, done])
    shown = re.sub(r"<!date[^>]*>", "TIME", re.sub(r"<http[^|>]*\|([^>]*)>", r"\1", shown))
    in_guide = re.sub(r"오늘 오전 \d+:\d+", "TIME", GUIDE)
    assert without_marks(shown) in without_marks(in_guide)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    assert f"| `{command}` 명령 |" in GUIDE


def test_every_example_of_a_word_is_understood_as_the_guide_says() -> None:
    kinds = {"사용법": "help", "지금": "status", "고를": "choice", "질문": "question"}
    for said, meaning in rows_below("| 말 | 뜻 |"):
        kind = kinds.get(meaning.split()[0].rstrip("."), "report")
        for word in re.findall(r"`([^`]+)`", said):
            assert words.understood(word, TODAY).kind == kind, word


@pytest.mark.parametrize("said", ["W48", "W53", "2026-02-30"])
def test_the_refusals_are_what_the_bot_says(said: str) -> None:
    assert PHRASES.offer(words.understood(said, TODAY)).text in GUIDE


def test_the_other_offers_are_what_the_bot_says() -> None:
    early = words.understood("2020-W01", TODAY)
    first = replace(early, kind="refusal", why="before_data", weeks=(date(2026, 9, 14),))
    assert PHRASES.offer(first).text in GUIDE
    assert PHRASES.offer(words.understood("지난쥬", TODAY)).text in GUIDE
    stands = PHRASES.stands(WEEKS.comparison.start, "LINK").text
    assert stands.replace("<LINK|", "").replace(">", "") in GUIDE


@pytest.mark.parametrize(
    ("report", "dashboard"),
    [
        (
            build_report(WORSE, BETTER, STABLE[0], weeks=WEEKS, alarms=ALARMS),
            "https://bi.example/voc",
        ),
        (build_report(*STABLE, weeks=WEEKS), None),
    ],
    ids=["changes", "quiet"],
)
def test_the_summaries_are_what_the_code_writes(
    report: WeeklyReport, dashboard: str | None
) -> None:
    (summary,) = build_composer(dashboard_url=dashboard, version="0.1.0-47c8230").summary(report)
    shown = preview(summary.blocks)
    if not report.changes:
        shown = shown.splitlines()[0]
    assert f"```text\n{shown}\n```" in GUIDE


def test_the_overflow_is_what_the_code_writes() -> None:
    report = build_report(*build_changes("CRITICAL", 60), weeks=WEEKS)
    summary, overflow = build_composer().summary(report)
    (more,) = re.findall(r"_(외 \d+개.*)_", str(summary.blocks[3]["text"]["text"]))
    assert f"`{more}`" in GUIDE
    assert f"`{preview(overflow.blocks).splitlines()[-1]}`" in GUIDE


def test_the_analysis_is_what_the_code_writes() -> None:
    message = build_composer().analysis(WORSE, build_analysis(), WEEKS)
    assert f"```text\n{preview(message.blocks)}\n```" in GUIDE
    message = build_composer().analysis(WORSE, build_analysis(source="rule_based"), WEEKS)
    assert f"`{preview(message.blocks[-1:])}`" in GUIDE


def test_the_line_of_an_owner_and_of_a_category_s_channel_are_what_the_code_writes() -> None:
    reply, *_, of_report = preview(
        (
            build_composer().analysis(WORSE, build_analysis(), WEEKS, owner="U0123ABCD").blocks[1],
            *build_composer()
            .alert(WORSE, build_analysis(), build_report(WORSE, weeks=WEEKS), "C0TEST")
            .blocks,
        )
    ).split("\n\n")
    assert_quoted(reply.replace("<@U0123ABCD>", "@이름"))
    assert of_report in GUIDE
    note = KOREAN("note.unposted", week="2026-W46", channel="…", reason="…")
    assert note.split("…")[0] in GUIDE


@pytest.mark.parametrize("row", GUIDE.split("owner,channel,language\n")[1].split("```")[0].split())
def test_the_example_of_the_owners_is_a_seed(row: str, tmp_path: Path) -> None:
    seed = tmp_path / "category_owners.csv"
    seed.write_text(f"{SEED.read_text()}{row}\n")
    assert len(check_owners(seed)) == 1


def test_an_answer_is_what_the_code_writes() -> None:
    history = (
        CategoryWeek(WEEKS.base, 38, 16, "STABLE", (26, 50)),
        CategoryWeek(WEEKS.comparison, 69, 28, "CRITICAL", (26, 50), "strong"),
    )
    answer = CategoryAnswer(
        WEEKS,
        WORSE.category,
        history,
        (WORSE,),
        (Keyword(WORSE.category, "500 오류", 0, 31),),
        (Example("9001", "이력서를 올리면 오류가 납니다."),),
    )
    shown = preview(AnswerComposer(KOREAN).answer(answer).blocks)
    assert f"```text\n{shown}\n```" in GUIDE


@pytest.mark.parametrize(
    "key",
    [
        *("worst_of", "nothing_to_explain", "no_examples", "texts_gone", "busy", "no_tables"),
        *("several", "not_understood", "no_week"),
    ],
)
def test_what_else_an_answer_may_say_is_there(key: str) -> None:
    assert_quoted(KOREAN(f"answer.{key}", asked="…"))


def test_every_example_of_a_question_is_one() -> None:
    names = Names(
        [("유저", "이력서", "업로드 오류"), ("기업", "결제", "환불"), ("유저", "알림", "알림톡")]
    )
    examples = [
        word for said, _ in rows_below("| 질문 | 답 |") for word in re.findall(r"`([^`]+)`", said)
    ]
    assert len(examples) > 8
    for example in examples:
        asked = read_question(example, names, date(2026, 11, 16), ["왜?"])
        assert not isinstance(asked, Unclear), example


@pytest.mark.parametrize("code", web_api._REMEDIES)
def test_every_refusal_of_slack_is_there(code: str) -> None:
    assert f"| Slack refused: {code}. {web_api._REMEDIES[code]} |" in GUIDE


def test_the_symptoms_have_a_cause_and_a_remedy() -> None:
    rows = rows_below(SYMPTOMS)
    assert len(rows) >= 15
    assert all(len(row) == 3 and all(row) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


def test_what_the_symptoms_quote_is_said_by_the_code() -> None:
    """Piece by piece, as … stands for what differs from time to time."""
    sources = sorted((PROJECT_ROOT / "flows").rglob("*.py"))
    sources.append(PROJECT_ROOT / "catalogue" / "texts.toml")
    refusals = [f"Slack refused: {code}." for code in web_api._REMEDIES]
    corpus = "\n".join(
        [GUIDE.split(SYMPTOMS)[0], *refusals, *(path.read_text() for path in sources)]
    )
    cells = " ".join(row[0] for row in rows_below(SYMPTOMS))
    quotes = re.findall(r"`((?:⏳|⚠️|❌|✅)[^`]*)`", cells)
    assert len(quotes) > 10
    for quote in quotes:
        for piece in re.split(r"…|❌ 실패 · ", quote):
            assert piece.strip() in corpus, quote


def test_every_setting_is_one() -> None:
    named = set(re.findall(r"\b(?:(?:VOC|SLACK|LAAS|LAMBDA|GOOGLE)_[A-Z_]+|PORT)\b", GUIDE))
    assert "VOC_BOT_CHANNELS" in named
    assert named <= settings_of(BotSettings) | settings_of(Settings)
    of_prefect = set(re.findall(r"\bPREFECT_[A-Z_]+\b", GUIDE))
    assert "PREFECT_API_URL" in of_prefect
    assert all(hasattr(prefect.settings, name) for name in of_prefect)


def test_every_file_exists() -> None:
    found = files()
    assert len(found) > 15
    for name in found:
        path = PROJECT_ROOT / name
        assert path.parent.is_dir() if name in new_files() else path.is_file(), name


def test_the_python_snippets_compile() -> None:
    found = snippets("python")
    assert len(found) >= 10
    for code in found:
        compile(textwrap.dedent(code), "SLACK_GUIDE.md", "exec")


def test_the_new_modules_can_be_imported_and_have_what_is_needed() -> None:
    modules = [code for code in snippets("python") if "from __future__" in code]
    assert len(modules) == len(new_files())
    made: dict[str, Any] = {}
    for code in modules:
        if "def test_" not in code:
            exec(compile(code, "SLACK_GUIDE.md", "exec"), made)
    assert callable(made["register"])
    body = {"team_id": "T", "is_ext_shared_channel": True}
    item = {"type": "message", "channel": "C", "ts": "1.2"}
    request = made["reaction_request"](body, {"user": "U", "item": item, "event_ts": "3.4"})
    assert (request.asker.channel, request.asker.is_outside) == ("C", True)
    assert (request.key, request.thread_ts) == ("reaction:C:1.2:3.4", "1.2")


def test_the_yaml_snippets_fit_at_the_end_of_their_files() -> None:
    deployments, commands = [], []
    text = (PROJECT_ROOT / "prefect.yaml").read_text()
    for code in snippets("yaml"):
        if "entrypoint" in code:
            text += f"\n{code}"
            deployments.append(code)
        else:
            commands += yaml.safe_load(code)
    listed = yaml.safe_load(text)["deployments"]
    added = listed[-len(deployments) :]
    assert len(deployments) == 3
    assert {each["work_pool"]["name"] for each in added} == {"voc"}
    assert {each["work_pool"]["work_queue_name"] for each in added} == {"reports", "default"}
    assert len({each["name"] for each in listed}) == len(listed)
    (command,) = commands
    manifest = yaml.safe_load((PROJECT_ROOT / "deploy" / "slack-manifest.yaml").read_text())
    known = manifest["features"]["slash_commands"]
    assert set(command) <= {key for each in known for key in each}
    assert command["url"] == known[0]["url"]


def test_what_the_steps_name_is_there() -> None:
    """Names in other files that a reader is told to change."""
    for name, part in (
        ("bot/listeners/commands.py", "COMMANDS: dict[str, Handle] = {"),
        ("bot/requests.py", "async def _handle("),
        ("bot/requests.py", "async def _start("),
        ("bot/app.py", "for listeners in (mentions, messages, commands, actions"),
        ("bot/deployments.py", "for name in (REPORT, LONG_TASK"),
        ("tests/deploy/test_manifest.py", "== COMMANDS"),
        ("tests/deploy/test_manifest.py", "EVENTS = {"),
        ("tests/deploy/test_manifest.py", "[ADDRESS] * "),
        ("tests/fakes/slack.py", "DEFAULT_SCOPES = ("),
        ("tests/deploy/test_cloud_run.py", '== ["weekly"'),
        ("tests/bot/test_start.py", "class DeployedPrefect"),
        ("docs/deploy.md", "in all "),
        ("deploy/slack-manifest.yaml", "in all "),
    ):
        assert part in (PROJECT_ROOT / name).read_text(), (name, part)

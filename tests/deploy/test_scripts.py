"""deploy/*.sh and the Makefile's targets, with programs on PATH that record what they are asked to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows import PROJECT_ROOT
from flows.runtime.settings import Settings

DEPLOY = PROJECT_ROOT / "deploy"
SCRIPTS = sorted(DEPLOY.glob("*.sh"))
SETTINGS = {
    "PROJECT": "my-voc",
    "REGION": "asia-northeast3",
    "PREFECT_API_URL": "https://prefect.example.com/api",
    "VOC_SLACK_CHANNEL": "C0123ABCD",
    "VOC_SOURCE_TABLE": "my-data.support.tickets",
    "VOC_BIGQUERY_PROJECT": "my-voc",
}
RUN, WORKER, BOT = (
    f"{n}@my-voc.iam.gserviceaccount.com" for n in ("voc-run", "voc-worker", "voc-bot")
)

# Writes its name and arguments to a file, one JSON list a line, and answers what the test put beside it.
RECORDER = (
    f"#!{sys.executable}\n"
    + """
import json, os, pathlib, sys
here = pathlib.Path(__file__).resolve().parent
call = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with (here / "calls.jsonl").open("a") as calls:
    print(json.dumps(call), file=calls)
answers = here / "answers.json"
for words, code, output in json.loads(answers.read_text()) if answers.exists() else []:
    if set(words) <= set(call):
        print(output)
        sys.exit(code)
"""
)


@dataclass
class Programs:
    """Fakes of docker, gcloud and the like, and what they were asked."""

    folder: Path

    def answer(self, *answers: tuple[list[str], int, str]) -> None:
        (self.folder / "answers.json").write_text(json.dumps(answers))

    def take(self) -> list[list[str]]:
        """The calls since the last time."""
        file = self.folder / "calls.jsonl"
        calls = (
            [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        )
        file.unlink(missing_ok=True)
        return calls

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Alone on PATH, but for the shell's own tools and git."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("docker", "gcloud", "bq", "curl"):
        (folder / name).write_text(RECORDER)
        (folder / name).chmod(0o755)
    for name in ("bash", "sed", "git", "dirname", "basename", "make", "env"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return Programs(folder)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(programs: Programs) -> Run:
    def start(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=PROJECT_ROOT,
            env={"PATH": str(programs.folder), "HOME": os.environ["HOME"], **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    return start


def option(call: list[str], name: str) -> str:
    assert call.count(name) == 1, (name, call)
    return call[call.index(name) + 1]


def environment(call: list[str]) -> dict[str, str]:
    value = option(call, "--set-env-vars")
    assert value.startswith("^##^")
    return dict(pair.split("=", 1) for pair in value.removeprefix("^##^").split("##"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_bash_and_only_those_to_run_are_executable(script: Path) -> None:
    checked = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert bool(script.stat().st_mode & stat.S_IXUSR) is (script.name != "common.sh")


# --- roles.sh


def grants(calls: list[list[str]]) -> set[tuple[str, str, str]]:
    """(account, role, on what) of each grant; anything that is neither a grant nor a look fails."""
    found = set()
    for call in calls:
        if call[0] == "bq":
            sql = re.fullmatch(
                r"grant `(\S+)` on (table|schema) `(\S+)` to 'serviceAccount:(\S+)'", call[-1]
            )
            assert sql, call
            found.add((sql[4], sql[1], f"{sql[2]} {sql[3]}"))
        elif "add-iam-policy-binding" in call:
            on = " ".join(call[1 : call.index("add-iam-policy-binding")])
            what = call[call.index("add-iam-policy-binding") + 1]
            member = option(call, "--member").removeprefix("serviceAccount:")
            found.add((member, option(call, "--role"), f"{on} {what}"))
        else:
            assert call[:3] == ["gcloud", "iam", "service-accounts"]
            assert call[3] in ("describe", "create")
    return found


EXPECTED = {
    (RUN, "roles/bigquery.jobUser", "projects my-voc"),
    (RUN, "roles/bigquery.dataViewer", "table my-data.support.tickets"),
    (RUN, "roles/bigquery.metadataViewer", "schema my-data.support"),
    (RUN, "roles/bigquery.dataEditor", "schema my-voc.voc"),
    (RUN, "roles/secretmanager.secretAccessor", "secrets voc-slack-bot-token"),
    (RUN, "roles/secretmanager.secretAccessor", "secrets voc-laas-api-key"),
    (RUN, "roles/secretmanager.secretAccessor", "secrets voc-prefect-auth"),
    (WORKER, "roles/run.developer", "projects my-voc"),
    (WORKER, "roles/artifactregistry.reader", "artifacts repositories voc"),
    (WORKER, "roles/iam.serviceAccountUser", f"iam service-accounts {RUN}"),
    (WORKER, "roles/secretmanager.secretAccessor", "secrets voc-prefect-auth"),
    (BOT, "roles/secretmanager.secretAccessor", "secrets voc-slack-bot-token"),
    (BOT, "roles/secretmanager.secretAccessor", "secrets voc-slack-signing-secret"),
    (BOT, "roles/secretmanager.secretAccessor", "secrets voc-prefect-auth"),
}


def test_each_account_gets_what_it_needs_and_nothing_more(programs: Programs, run: Run) -> None:
    programs.answer((["describe"], 1, "NOT_FOUND"))
    ran = run(str(DEPLOY / "roles.sh"), **SETTINGS)
    assert ran.returncode == 0, ran.stderr
    calls = programs.take()
    assert grants(calls) == EXPECTED
    created = [call[4] for call in calls if "create" in call]
    assert created == ["voc-run", "voc-worker", "voc-bot"]


def test_buckets_for_answers_and_pages_are_granted_when_there_are_any(
    programs: Programs, run: Run
) -> None:
    buckets = {"VOC_STATE_URI": "gs://my-bucket/answers", "VOC_REPORT_BUCKET": "gs://our-pages"}
    run(str(DEPLOY / "roles.sh"), **SETTINGS, **buckets)
    assert grants(programs.take()) - EXPECTED == {
        (RUN, "roles/storage.objectUser", "storage buckets gs://my-bucket"),
        (RUN, "roles/storage.legacyBucketReader", "storage buckets gs://my-bucket"),
        (RUN, "roles/storage.objectUser", "storage buckets gs://our-pages"),
    }


def test_the_walk_from_nothing_has_a_bucket_for_pages_and_a_server_that_keeps_connections() -> None:
    walk = (PROJECT_ROOT / "docs" / "deploy.md").read_text().replace("\\\n", "")
    made = re.search(r"storage buckets create (gs://\S+)", walk)
    assert made
    assert f"VOC_REPORT_BUCKET={made[1]}/" in walk
    (server,) = [line for line in walk.splitlines() if "gcloud run deploy voc-prefect" in line]
    assert "--timeout 3600" in server


def test_twice_makes_no_account_again(programs: Programs, run: Run) -> None:
    ran = run(str(DEPLOY / "roles.sh"), **SETTINGS)  # the fake's describe finds every account
    assert ran.returncode == 0, ran.stderr
    calls = programs.take()
    assert grants(calls) == EXPECTED
    assert not [call for call in calls if "create" in call]


def test_print_says_everything_and_does_nothing(programs: Programs, run: Run) -> None:
    printed = run(str(DEPLOY / "roles.sh"), "--print", **SETTINGS)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert programs.take() == []
    # What it printed is what it does.
    programs.answer((["describe"], 1, "NOT_FOUND"))
    done = run(str(DEPLOY / "roles.sh"), **SETTINGS)
    assert done.stdout == printed.stdout
    done_calls = [call for call in programs.take() if "describe" not in call]
    assert run("bash", "-c", printed.stdout).returncode == 0
    assert programs.take() == done_calls


def test_a_refusal_stops_it(programs: Programs, run: Run) -> None:
    programs.answer((["projects"], 1, ""))
    assert run(str(DEPLOY / "roles.sh"), **SETTINGS).returncode == 1
    assert not [call for call in programs.take() if call[0] == "bq"]


def test_a_table_name_cannot_carry_sql(programs: Programs, run: Run) -> None:
    ran = run(str(DEPLOY / "roles.sh"), **SETTINGS | {"VOC_SOURCE_TABLE": "a.b.c` to 'x'; drop"})
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
    assert programs.take() == []


# --- build.sh, deploy.sh, url.sh

IMAGE = "asia-northeast3-docker.pkg.dev/my-voc/voc/voc-analyst"


def test_the_version_is_the_package_s_and_the_commit_s(programs: Programs, run: Run) -> None:
    ran = run("make", "build", **SETTINGS)
    assert ran.returncode == 0, ran.stderr
    (call,) = programs.take()
    version = option(call, "--build-arg").removeprefix("VERSION=")
    assert re.fullmatch(r"\d+\.\d+\.\d+-[0-9a-f]{7,}(-dirty)?", version)
    assert option(call, "--tag") == f"{IMAGE}:{version}"
    assert option(call, "--platform") == "linux/amd64"
    assert Path(call[-1]).resolve() == PROJECT_ROOT


def deployed(programs: Programs) -> dict[str, list[str]]:
    """The gcloud calls by what they deploy, in their order."""
    return {call[call.index("deploy") + 1]: call for call in programs.take() if call[0] == "gcloud"}


def test_deploying_registers_first_and_then_starts_the_worker_and_the_bot(
    programs: Programs, run: Run
) -> None:
    more = {"VOC_BOT_CHANNELS": "C1,C2", "VOC_DASHBOARD_URL": "https://x.example/?a=1&b=2"}
    ran = run("make", "deploy", **SETTINGS, **more, VERSION="0.1.0-abc1234")
    assert ran.returncode == 0, ran.stderr
    image = f"{IMAGE}:0.1.0-abc1234"
    docker = (programs.folder / "calls.jsonl").read_text().splitlines()
    assert json.loads(docker[1]) == ["docker", "push", image]

    calls = deployed(programs)
    assert list(calls) == ["voc-register", "voc-worker", "voc-bot"]
    for name, call in calls.items():
        assert option(call, "--image") == image
        assert option(call, "--project") == "my-voc"
        assert option(call, "--region") == "asia-northeast3"
        assert environment(call)["PREFECT_API_URL"] == SETTINGS["PREFECT_API_URL"]
        assert environment(call)["VOC_VERSION"] == "0.1.0-abc1234"
        assert "PREFECT_API_AUTH_STRING=voc-prefect-auth:latest" in option(call, "--set-secrets")
        assert option(call, "--command") == name.removeprefix("voc-")
        assert (DEPLOY / "image" / option(call, "--command")).exists()
    assert [option(call, "--service-account") for call in calls.values()] == [WORKER, WORKER, BOT]

    register = environment(calls["voc-register"])
    assert register["VOC_IMAGE"] == image
    assert register["VOC_REGION"] == "asia-northeast3"
    assert register["VOC_RUN_ACCOUNT"] == RUN
    assert register["VOC_TARGET"] == "bigquery"
    assert register["VOC_DASHBOARD_URL"] == more["VOC_DASHBOARD_URL"]
    assert {"--execute-now", "--wait"} <= set(calls["voc-register"])
    for name in ("voc-worker", "voc-bot"):
        assert option(calls[name], "--min-instances") == "1"
        assert "--no-cpu-throttling" in calls[name]
    assert "--no-allow-unauthenticated" in calls["voc-worker"]
    assert "--allow-unauthenticated" in calls["voc-bot"]


def test_the_bot_gets_slack_and_prefect_and_nothing_else(programs: Programs, run: Run) -> None:
    run("make", "deploy", **SETTINGS, VOC_BOT_CHANNELS="C1,C2", LAAS_PROJECT="X", VERSION="1-a")
    bot = deployed(programs)["voc-bot"]
    given = environment(bot)
    assert given["VOC_BOT_CHANNELS"] == "C1,C2"
    assert all(
        re.match("VOC_BOT_|VOC_(LOCALE|TIMEZONE|VERSION|(SLACK|OPS)_CHANNEL)$|PREFECT_", name)
        for name in given
    )
    secrets = dict(pair.split("=") for pair in option(bot, "--set-secrets").split(","))
    assert secrets == {
        "PREFECT_API_AUTH_STRING": "voc-prefect-auth:latest",
        "SLACK_BOT_TOKEN": "voc-slack-bot-token:latest",
        "SLACK_SIGNING_SECRET": "voc-slack-signing-secret:latest",
    }


def test_prefect_cloud_has_a_key_instead(programs: Programs, run: Run) -> None:
    run("make", "deploy", **SETTINGS, PREFECT_AUTH="PREFECT_API_KEY", VERSION="1-a")
    for call in deployed(programs).values():
        assert "PREFECT_API_KEY=voc-prefect-auth:latest" in option(call, "--set-secrets")


def test_rolling_back_pushes_nothing_and_deploys_the_older_image(
    programs: Programs, run: Run
) -> None:
    ran = run("make", "rollback", **SETTINGS, VERSION="0.1.0-0001111")
    assert ran.returncode == 0, ran.stderr
    calls = programs.take()
    assert not [call for call in calls if call[0] == "docker"]
    assert {option(call, "--image") for call in calls} == {f"{IMAGE}:0.1.0-0001111"}
    assert "VOC_IMAGE=" + f"{IMAGE}:0.1.0-0001111" in option(calls[0], "--set-env-vars")


def test_where_the_bot_is_and_what_it_runs(programs: Programs, run: Run) -> None:
    programs.answer(
        (["describe"], 0, "https://voc-bot.a.run.app"),
        (["curl"], 0, '{"status": "ok", "version": "0.1.0-abc1234"}'),
    )
    assert run("make", "--silent", "url", **SETTINGS).stdout == "https://voc-bot.a.run.app\n"
    ran = run("make", "--silent", "deployed-version", **SETTINGS)
    assert (ran.stdout, ran.stderr) == ("0.1.0-abc1234\n", "")
    assert programs.take()[-1][-1] == "https://voc-bot.a.run.app/"
    ran = run("make", "--silent", "deployed-version", URL="http://127.0.0.1:3000")
    assert ran.stdout == "0.1.0-abc1234\n"
    assert programs.take()[-1][-1] == "http://127.0.0.1:3000/"


@pytest.mark.parametrize(
    ("target", "missing", "settings", "line"),
    [
        ("build", "docker", SETTINGS, "docker is not installed"),
        ("build", "", {}, "set PROJECT in deploy/google.env or in the environment"),
        ("deploy", "docker", SETTINGS, "docker is not installed"),
        ("deploy", "gcloud", SETTINGS, "gcloud is not installed"),
        ("deploy", "", {"PROJECT": "p"}, "set PREFECT_API_URL VOC_SLACK_CHANNEL in"),
        ("deploy", "", SETTINGS | {"VERSION": "1-a-dirty"}, "commit your changes first"),
        ("rollback", "", SETTINGS, "name the version to return to"),
        ("url", "gcloud", SETTINGS, "gcloud is not installed"),
        ("deployed-version", "gcloud", SETTINGS, "gcloud is not installed"),
        ("roles", "gcloud", SETTINGS, "gcloud is not installed"),
        ("roles", "bq", SETTINGS, "bq is not installed"),
        ("roles", "", {}, "set PROJECT VOC_SOURCE_TABLE in"),
        ("invoke", "", {}, "set PREFECT_API_URL"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    programs: Programs, run: Run, target: str, missing: str, settings: dict[str, str], line: str
) -> None:
    if missing:
        programs.remove(missing)
    ran = run("make", target, **settings)
    assert ran.returncode == 2
    said = [text for text in ran.stderr.splitlines() if not text.startswith("make:")]
    assert len(said) == 1, ran.stderr
    assert line in said[0]
    assert programs.take() == []


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((["docker", "inspect"], 1, ""), "is not built. Run make build"),
        ((["docker", "push"], 1, ""), ""),
        ((["voc-register"], 1, ""), ""),
    ],
)
def test_deploying_stops_at_the_first_refusal(
    programs: Programs, run: Run, answer: tuple[list[str], int, str], line: str
) -> None:
    programs.answer(answer)
    ran = run("make", "deploy", **SETTINGS, VERSION="1-a")
    assert ran.returncode == 2
    assert line in ran.stderr
    assert not [call for call in programs.take() if "voc-worker" in call]


@pytest.mark.parametrize(("code", "answer"), [(22, ""), (0, "<html>somebody else</html>")])
def test_an_address_that_is_not_the_bot_s_is_said_so(
    programs: Programs, run: Run, code: int, answer: str
) -> None:
    programs.answer((["curl"], code, answer))
    ran = run("make", "--silent", "deployed-version", URL="http://127.0.0.1:1")
    assert ran.returncode == 2
    assert "at http://127.0.0.1:1" in ran.stderr


def test_starting_a_run_by_hand_asks_prefect(programs: Programs, run: Run, tmp_path: Path) -> None:
    (programs.folder / "prefect").write_text(RECORDER)
    (programs.folder / "prefect").chmod(0o755)
    ran = run(
        "make",
        "invoke",
        "PARAMS=as_of=2026-11-16",
        f"PREFECT={programs.folder / 'prefect'}",
        **SETTINGS,
    )
    assert ran.returncode == 0, ran.stderr
    (call,) = programs.take()
    assert call[1:] == [
        "deployment",
        "run",
        "weekly_voc/on-demand",
        "--watch",
        "--param",
        "as_of=2026-11-16",
    ]


# --- one list of secrets


def test_every_secret_that_is_used_is_in_the_instructions_and_the_other_way_round() -> None:
    used = (DEPLOY / "deploy.sh", DEPLOY / "roles.sh", PROJECT_ROOT / "prefect.yaml")
    names = re.compile(r"\bvoc-(?:slack|laas|prefect)-[a-z-]+")
    found = {name for file in used for name in names.findall(file.read_text())}
    guide = (PROJECT_ROOT / "docs" / "deploy.md").read_text()
    created = set(re.findall(r"^secret (\S+) create$", guide, re.MULTILINE))
    assert found == created
    granted = set(
        re.findall(r"voc-[a-z-]+", " ".join(on for *_, on in EXPECTED if "secrets" in on))
    )
    assert granted == created


# --- google.env


def listed() -> dict[str, str]:
    lines = (DEPLOY / "google.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


# A machine's own folders and keys, and addresses that only tests change: not for a deployment to set.
NOT_ON_GOOGLE = {
    "VOC_HOME",
    "VOC_DUCKDB_PATH",
    "VOC_SOURCE_TIMEZONE",
    "VOC_SOURCE_MAP",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "VOC_GCP_CREDENTIALS_BLOCK",
    "SLACK_API_URL",
    "LAMBDA_VOC_SLACK_CHANNEL",
    "VOC_BOT_HOST",
    "PORT",
    "VOC_VERSION",
}


def test_every_setting_that_is_no_secret_can_be_set_for_google() -> None:
    from bot.settings import BotSettings
    from tests.deploy.test_image import variables

    secrets = {
        *("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"),
        *("LAAS_API_KEY", "VOC_MODEL_API_KEY"),
    }
    settings = (variables(Settings) | variables(BotSettings)) - secrets - NOT_ON_GOOGLE
    scripts = {"PROJECT", "REGION", "PREFECT_API_URL", "PREFECT_UI_URL", "PREFECT_AUTH"}
    assert set(listed()) == settings | scripts


def test_every_setting_of_google_env_reaches_those_it_is_for(programs: Programs, run: Run) -> None:
    given = dict.fromkeys(listed(), "7") | SETTINGS
    ran = run("make", "deploy", **given, VERSION="1-a")
    assert ran.returncode == 0, ran.stderr
    calls = deployed(programs)
    for_runs = {name for name in listed() if re.match("(VOC|LAAS)_(?!BOT_)", name)}
    assert for_runs <= set(environment(calls["voc-register"]))
    for_bot = {
        name for name in listed() if re.match("VOC_BOT_|VOC_(LOCALE|TIMEZONE)$|PREFECT_UI_", name)
    }
    assert for_bot <= set(environment(calls["voc-bot"]))


def test_a_value_in_the_file_is_taken_as_it_stands(
    programs: Programs, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "google.env"
    file.write_text(
        "PROJECT=from-file\nREGION=r\nPREFECT_AUTH=PREFECT_API_KEY\nPREFECT_API_URL=https://p/api\n"
        "VOC_SLACK_CHANNEL=C1\nVOC_DASHBOARD_URL=https://x/?q=$(touch pwned)&b=1,2\n"
    )
    ran = run("make", "deploy", VOC_GOOGLE_ENV=str(file), PROJECT="from-env", VERSION="1-a")
    assert ran.returncode == 0, ran.stderr
    register = deployed(programs)["voc-register"]
    assert option(register, "--project") == "from-env"
    assert environment(register)["VOC_DASHBOARD_URL"] == "https://x/?q=$(touch pwned)&b=1,2"
    assert not (PROJECT_ROOT / "pwned").exists()

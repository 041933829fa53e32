"""The Dockerfile, replayed step by step in a clean folder: what an image built from it holds and can do.

No container engine is needed. Each COPY takes what .dockerignore lets through, each RUN runs as it stands but for its
paths, in an environment with nothing of the developer's. What this cannot show: the base image, and its users.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from bot.settings import BotSettings
from flows import PROJECT_ROOT
from flows.runtime.settings import Settings

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow, pytest.mark.nightly]

VERSION = "0.1.0-replayed"
# Not setuptools: pandas-gbq needs it.
BUILD_TOOLS = {"uv", "pip", "wheel", "hatchling", "editables", "trove-classifiers"}
# How to reach the package index belongs to the machine; a build by Docker has it from its own.
NETWORK = re.compile(r"(PIP|UV|SSL|REQUESTS)_|(https?|no|all)_proxy$", re.IGNORECASE)
# Only time: the replay may use the package cache, and compiles nothing ahead.
SPEED = {"UV_NO_CACHE", "UV_COMPILE_BYTECODE"}
IMAGE_PATH = re.compile(r"(?<![\w.])/(?=(opt|venv|app|home|usr/local|var/lib)\b)")


# The users that the image makes.
NAMES_BY_UID: dict[str, str] = dict(
    re.findall(r"useradd .*--uid (\d+) (\w+)", (PROJECT_ROOT / "Dockerfile").read_text())
)


@dataclass(frozen=True)
class Step:
    kind: str
    text: str

    def pairs(self) -> dict[str, str]:
        """NAME=value … of an ENV or ARG."""
        return {
            name: value
            for name, _, value in (word.partition("=") for word in shlex.split(self.text))
        }


def steps() -> list[Step]:
    text = (PROJECT_ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages() -> list[list[Step]]:
    found: list[list[Step]] = []
    for step in steps():
        if step.kind == "FROM":
            found.append([])
        found[-1].append(step)
    return found


def matches(pattern: str, path: str) -> bool:
    """Docker's pattern on a path or a folder above it."""
    regex = re.escape(pattern.strip("/"))
    regex = regex.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{regex}(/.*)?", path) is not None


def ignored(path: str) -> bool:
    """What .dockerignore says: the last pattern that matches decides."""
    result = False
    for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#") and matches(line.removeprefix("!"), path):
            result = not line.startswith("!")
    return result


@dataclass
class Replay:
    """A root folder that stands for the file system of one stage."""

    root: Path
    shims: Path
    user: str = "root"
    workdir: str = "/"
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    command: str = ""

    def inside(self, text: str) -> str:
        return IMAGE_PATH.sub(f"{self.root}/", text)

    def expanded(self, values: dict[str, str]) -> dict[str, str]:
        known = self.arguments | self.environment
        return {
            name: re.sub(r"\$\{(\w+)\}", lambda m: known[m[1]], value)
            for name, value in values.items()
        }

    def process_environment(self) -> dict[str, str]:
        ours = {n: self.inside(v) for n, v in self.environment.items() if n not in SPEED}
        path = ours.pop("PATH", f"{self.shims}:/usr/bin:/bin")
        machine = {n: v for n, v in os.environ.items() if NETWORK.match(n)}
        machine.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
        home = self.root / "home" / self.user
        return (
            machine | {"HOME": str(home), "LANG": "C.UTF-8", "PATH": path} | self.arguments | ours
        )

    def run(self, command: str, cwd: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", self.inside(command)],
            cwd=self.inside(cwd or self.workdir),
            env=self.process_environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def play(self, step: Step, before: Path) -> None:
        match step.kind:
            case "ARG":
                self.arguments |= self.expanded(step.pairs())
                if "VERSION" in step.pairs():
                    self.arguments["VERSION"] = VERSION
            case "ENV":
                self.environment |= self.expanded(step.pairs())
            case "LABEL":
                self.labels |= self.expanded(step.pairs())
            case "USER":
                self.user = NAMES_BY_UID[step.text]
            case "WORKDIR":
                self.workdir = step.text
                Path(self.inside(step.text)).mkdir(parents=True, exist_ok=True)
            case "CMD":
                self.command = step.text
            case "COPY":
                self.copy(step.text.split(), before)
            case "RUN":
                ran = self.run(step.text)
                assert ran.returncode == 0, f"{step.text}\n{ran.stdout}{ran.stderr}"
            case _:
                raise AssertionError(f"a step that this test cannot replay: {step}")

    def copy(self, words: list[str], before: Path) -> None:
        *sources, target = words
        if sources[0].startswith("--from="):
            assert sources[0] == "--from=build"
            (source,) = sources[1:]
            # Moved, which is a copy but for the time; to the same path, as scripts in it name their interpreter.
            shutil.move(f"{before}{source}", self.inside(target))
            return
        for source in sources:
            copied = [p for p in files(PROJECT_ROOT / source) if not ignored(relative(p))]
            assert copied, f"COPY {source} finds nothing"
            for path in copied:
                single = (PROJECT_ROOT / source).is_file()
                below = path.name if single else path.relative_to(PROJECT_ROOT / source)
                assert not single or target.endswith("/")
                into = Path(self.inside(target)) / below
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, into)


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """The last stage, after both were replayed at the same place."""
    folder = tmp_path_factory.mktemp("image")
    shims = folder / "shims"
    shims.mkdir()
    base = shutil.which("python3.11", path=f"{sys.base_prefix}/bin") or sys.executable
    (shims / "python").symlink_to(base)
    # The steps that would change this machine.
    for name, instead in {"useradd": f"mkdir -p {folder}/root/home/voc", "apt-get": ":"}.items():
        (shims / name).write_text(f"#!/bin/sh\n{instead}\n")
        (shims / name).chmod(0o755)
    played = Replay(folder, shims)
    for number, stage in enumerate(stages()):
        root, before = folder / "root", folder / f"stage-{number - 1}"
        if root.exists():
            root.rename(before)
        (root / "usr" / "local").mkdir(parents=True)
        (root / "home" / "root").mkdir(parents=True)
        played = Replay(root, shims)
        for step in stage[1:]:
            played.play(step, before)
    return played


@pytest.fixture(scope="module")
def packages(image: Replay) -> dict[str, Path]:
    """Installed distributions by their normalised name."""
    site = image.root / "venv" / "lib" / "python3.11" / "site-packages"
    return {
        re.sub(r"[-_.]+", "-", path.name.split("-")[0]).lower(): path
        for path in site.glob("*.dist-info")
    }


def locked(name: str) -> set[str]:
    text = (PROJECT_ROOT / name).read_text()
    return set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==", text, re.MULTILINE))


def test_it_has_the_locked_packages_without_the_development_set(packages: dict[str, Path]) -> None:
    installed = set(packages)
    assert {"voc-analyst", "prefect", "dbt-core", "slack-bolt"} <= installed
    assert not installed & (locked("requirements-dev.lock") - locked("requirements.lock"))
    assert not installed & ({"pytest", "sqlfluff", "zetasql"} | BUILD_TOOLS)
    assert installed - {"voc-analyst"} <= locked("requirements.lock")


def test_its_size(image: Replay, packages: dict[str, Path]) -> None:
    site = packages["voc-analyst"].parent
    size = sum(path.lstat().st_size for path in files(site)) / 2**20
    print(f"\nsite-packages: {size:.0f} MiB in {len(packages)} packages, without bytecode")
    assert size < 1500


def test_it_holds_the_product_and_nothing_else_of_the_checkout(image: Replay) -> None:
    app = image.root / "app"
    held = {path.relative_to(app).parts[0] for path in files(app)}
    assert held == {
        "LICENSE",
        "bot",
        "catalogue",
        "dbt_project",
        "dbt_project.yml",
        "deploy",
        "flows",
        "prefect.yaml",
        "profiles.yml",
    }
    names = {path.name for path in files(app)}
    assert not {name for name in names if name.startswith(".env") or name.endswith(".lock")}
    assert not (image.root / "opt").exists()


@pytest.mark.parametrize(
    ("path", "out"),
    [
        (".env", True),
        (".git/config", True),
        (".venv/bin/voc", True),
        (".voc/demo/outbox/1.json", True),
        ("tests/conftest.py", True),
        ("requirements-dev.lock", True),
        ("flows/.env", True),
        ("bot/.env.local", True),
        ("flows/__pycache__/settings.pyc", True),
        ("dbt_project/target/manifest.json", True),
        ("deploy/google.env", True),
        ("deploy/image/worker", False),
        ("flows/slack/messages.py", False),
        ("dbt_project/seeds/status_thresholds.csv", False),
        ("requirements.lock", False),
    ],
)
def test_only_what_is_named_reaches_the_build(path: str, out: bool) -> None:
    assert ignored(path) is out


def test_it_does_not_run_as_root_and_may_write_its_folder(image: Replay) -> None:
    assert image.user == "voc"
    home = image.root / "home" / "voc" / "data"
    assert home.stat().st_mode & 0o777 == 0o700
    last = [step.kind for step in stages()[-1]]
    # Before USER, everything belongs to root: a run cannot change its own code.
    assert "COPY" not in last[last.index("USER") :]


def test_its_version_is_where_the_product_looks(image: Replay) -> None:
    assert image.labels["org.opencontainers.image.version"] == VERSION
    assert image.environment["VOC_VERSION"] == VERSION
    ran = image.run("voc --version")
    assert (ran.returncode, ran.stdout) == (0, f"voc-analyst {VERSION}\n"), ran.stderr


def test_its_entry_points_start(image: Replay) -> None:
    assert image.command == '["worker"]'
    for name in ("worker", "bot", "voc", "voc-bot", "voc-worker", "register", "prefect"):
        assert os.access(
            shutil.which(name, path=image.process_environment()["PATH"]) or "", os.X_OK
        )
    ran = image.run("worker --help")
    assert ran.returncode == 0, ran.stderr
    assert "Start a worker process" in ran.stdout
    ran = image.run("python -c 'import bot.__main__'")
    assert ran.returncode == 0, ran.stderr
    ran = image.run("bot")
    assert ran.returncode != 0
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert "SLACK_BOT_TOKEN" in ran.stderr


def test_registering_without_settings_ends_with_one_line(image: Replay) -> None:
    ran = image.run("register")
    assert ran.returncode == 1
    assert ran.stderr == (
        "register: set VOC_IMAGE, VOC_REGION, VOC_RUN_ACCOUNT, PREFECT_API_URL. deploy/deploy.sh does.\n"
    )


def test_it_makes_a_report_and_leaves_its_code_alone(image: Replay) -> None:
    app = image.root / "app"

    def code() -> dict[Path, float]:
        return {p: p.stat().st_mtime for p in files(app) if "__pycache__" not in p.parts}

    before = code()
    ran = image.run(
        "voc sample --out /home/voc/t.parquet --weeks 3 --tickets-per-week 300 --until 2026-11-15"
        " && voc run --source /home/voc/t.parquet --as-of 2026-11-16 --dry-run --json"
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert code() == before
    assert (image.root / "home" / "voc" / "data" / "duckdb").is_dir()


def test_both_stages_have_the_same_python_and_uv_is_the_makefile_s() -> None:
    (base,) = {stage[0].text.split()[0] for stage in stages()}
    assert re.fullmatch(r"python:3\.11\.\d+-slim@sha256:[0-9a-f]{64}", base)
    pinned = re.search(r"^UV_VERSION := (\S+)$", (PROJECT_ROOT / "Makefile").read_text(), re.M)
    assert pinned
    assert Step("ARG", f"UV_VERSION={pinned[1]}") in stages()[0]


def variables(settings: type[BaseSettings]) -> set[str]:
    found: set[str] = set()
    for name, info in settings.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name.upper()]
        found.update(map(str, choices))
    return found


def test_every_variable_that_it_sets_is_a_setting() -> None:
    others = {"PATH", "PYTHONUNBUFFERED", *SPEED}
    known = variables(Settings) | variables(BotSettings) | others
    for step in steps():
        if step.kind == "ENV":
            assert set(step.pairs()) <= known

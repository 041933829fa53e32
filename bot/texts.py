"""What the bot says, in Korean. Pure; foreign text is escaped, links come from here only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.runs import Run, Stage

HELP = """*VOC 봇 사용법* — 멘션하거나 DM을 보내거나 `/voc` 뒤에 적어 주세요.
• (아무것도 없이) 또는 `지난주`: 가장 최근에 끝난 주의 리포트
• `2026-W46` 또는 `2026-11-09`: 그 주(그 날짜가 든 주)의 리포트
• `다시` / `force`: 이미 올린 리포트도 새로 올리기 (`2026-W46 다시`처럼 함께 쓸 수 있어요)
• `상태` / `status`: 지금 실행 중이거나 최근에 끝난 리포트
• `도움말` / `help`: 이 안내
`/hello`는 인사와 버전, `/longtask`는 백그라운드 작업 예제입니다."""

PREFECT_DOWN = (
    "❌ 실행을 관리하는 Prefect 서버가 응답하지 않습니다. 몇 분 안에 ‘⏳ 받음’이 나오지 않으면 다시 요청해 주세요. "
    "계속되면 담당자에게 알려 주세요."
)
NOT_DEPLOYED = "❌ Prefect에 실행할 배포(deployment)가 없습니다. 담당자가 `prefect deploy --all`을 실행해야 합니다."
RESTARTING = "❌ 봇이 다시 시작되는 중이라 처리하지 못했습니다. 잠시 뒤 다시 요청해 주세요."
NOT_ALLOWED = "🚫 이 채널이나 사용자는 VOC 봇을 쓸 수 없습니다. 필요하면 담당자에게 요청해 주세요."
NOTHING_RAN = "아직 실행된 리포트가 없습니다."

_OUTCOMES = {
    "posted": "리포트를 올렸습니다",
    "quiet": "기준을 넘은 변화가 없어 그렇게 알렸습니다",
    "already_posted": "리포트가 이미 여기에 있습니다. 새로 올리려면 `다시`라고 써 주세요",
    "dry_run": "게시하지 않고 계산만 했습니다",
    "no_data": "그 주에는 문의가 없어 리포트를 올리지 않았습니다",
    "not_ready": "그 주의 데이터가 아직 다 들어오지 않아 리포트를 올리지 않았습니다",
}


def progress(run: Run, stage: Stage) -> str:
    """What is said of a run: one line that ends with a link to it."""
    return f"{_STAGES[stage](run)}{_link(run)}"


def unexpected(reference: str) -> str:
    return f"❌ 예상하지 못한 오류로 처리하지 못했습니다. 담당자에게 이 번호를 알려 주세요: `{reference}`"


def greeting(user: str, version: str, *, prefect_answers: bool) -> str:
    state = "✅ 응답합니다" if prefect_answers else "❌ 응답하지 않습니다"
    return f"안녕하세요 <@{user}>님 👋 VOC 봇 {escaped(version)}입니다. Prefect: {state}."


def recent(runs: Sequence[Run]) -> str:
    """The newest runs, one a line."""
    if not runs:
        return NOTHING_RAN
    lines = [f"• {_short(run)} · {_time(run)}{_link(run)}" for run in runs]
    return "\n".join(["*최근 리포트 실행*", *lines])


def escaped(text: str) -> str:
    """Slack's three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(run: Run) -> str:
    return f" · <{run.url}|실행 보기>" if run.url else f" · 실행 `{run.id}`"


def _completed(run: Run) -> str:
    if run.outcome is None:
        return "✅ 완료"
    week, outcome = run.outcome
    return f"✅ 완료 · {week}: {_OUTCOMES.get(outcome, outcome)}"


def _failed(run: Run) -> str:
    if run.explanation:
        return f"❌ 실패 · {escaped(run.explanation)}"
    if run.state == "CRASHED":
        return "❌ 실패 · 실행하던 프로세스가 중단되었습니다. 다시 요청해 주세요"
    return "❌ 실패 · 예상하지 못한 오류입니다. 담당자는 실행 기록을 확인해 주세요"


def _unattended(run: Run) -> str:
    if run.state == "RUNNING":
        return "⚠️ 실행 중이던 작업자(worker)가 응답하지 않습니다. 담당자는 작업자를 확인해 주세요"
    return (
        "⚠️ 켜져 있는 작업자(worker)가 없어 시작하지 못하고 있습니다. 담당자가 켜면 바로 시작합니다"
    )


_STAGES: dict[Stage, Callable[[Run], str]] = {
    "received": lambda run: "⏳ 받음 · 곧 시작합니다",
    "queued": lambda run: "⏳ 대기 중 · 앞선 실행이 끝나는 대로 시작합니다",
    "unattended": _unattended,
    "running": lambda run: "🏃 실행 중",
    "completed": _completed,
    "failed": _failed,
    "cancelled": lambda run: "⛔ 취소됨 · Prefect에서 취소된 실행입니다",
}


def _short(run: Run) -> str:
    match run.state:
        case "COMPLETED":
            return _completed(run).split(":")[0]
        case "FAILED" | "CRASHED":
            return "❌ 실패"
        case "CANCELLED":
            return "⛔ 취소됨"
        case "RUNNING":
            return "🏃 실행 중"
        case _:
            return "⏳ 대기 중"


def _time(run: Run) -> str:
    """In the reader's own time zone; the fallback is UTC."""
    fallback = f"{run.since:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(run.since.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"

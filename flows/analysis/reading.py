"""Reads what a model wrote for what it is: sections of an answer, or nothing that could be used. Pure."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from flows.report.values import printable

# An answer longer than this is cut before it is read; no report needs more.
MAX_ANSWER_CHARACTERS = 50_000
# Refusals and announcements are short.
MAX_TALK_CHARACTERS = 400
# More nesting than this is no answer, and takes a parser long.
MAX_BRACKETS = 100

_SECTION_NAMES = {
    "summary": ("요약", "summary"),
    "examples": ("대표예시", "예시", "examples"),
    "hypotheses": ("원인가설", "원인", "가설", "hypotheses"),
    "actions": ("후속조치", "조치", "actions"),
}
_SECTION_OF = {name: section for section, names in _SECTION_NAMES.items() for name in names}
# Numbers, hashes, stars and brackets around a heading: everything that is not a letter.
_DECORATION = re.compile(r"[\W\d_]")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s+")


class UnusableAnswer(ValueError):
    """The answer has nothing that could be shown; the message says why, without a word of it."""


@dataclass(frozen=True)
class Hypothesis:
    """A cause as the model wrote it, with the words and the ticket ids that it names as evidence."""

    text: str
    words: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The four sections as the model wrote them, nothing checked: summary, named ids, causes, actions."""

    summary: tuple[str, ...]
    examples: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    actions: tuple[str, ...]


def read_answer(text: str, finish_reason: str | None = None, *, prompt: str = "") -> Answer:
    """Read the sections of an answer to `prompt`: JSON in any spelling, Markdown or plain text.

    Raises UnusableAnswer for what was cut off or filtered, for a draft without an answer, refusals, fillers, echoes
    of the prompt, HTML pages and remains of JSON.
    """
    if finish_reason in ("length", "content_filter"):
        raise UnusableAnswer(f"it ended with {finish_reason}")
    text = _without_reasoning(text[:MAX_ANSWER_CHARACTERS].lstrip("\ufeff"))
    if _HTML.search(text[:1000]):
        raise UnusableAnswer("an HTML page")
    sections = _json_sections(text)
    if sections is None:
        if _JSON_REMAINS.search(text):
            raise UnusableAnswer("JSON that is not complete")
        sections = _text_sections(text)
    answer = _answer(sections)
    said = [*answer.summary, *(h.text for h in answer.hypotheses), *answer.actions]
    if any(map(_is_echo, said)) or (prompt and _repeats(said, prompt)):
        raise UnusableAnswer("an echo of the prompt")
    if not answer.summary and not answer.hypotheses:
        raise UnusableAnswer("neither summary nor hypotheses")
    return answer


# --- Reasoning -------------------------------------------------------------------------------------

_TAG = r"(?:think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|inner_monologue)"
_OPENS = re.compile(rf"<\|?(?:begin_of_)?{_TAG}\|?>|\[{_TAG}\]|◁{_TAG}▷", re.I)
_CLOSES = re.compile(rf"</\|?{_TAG}\|?>|<\|(?:end_of_|/){_TAG}\|>|\[/{_TAG}\]|◁/{_TAG}▷", re.I)
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?P<name>\w+)[^<]*?(?:<\|constrain\|>\w+\s*)?<\|message\|>", re.I
)
_MARK = re.compile(r"<\|[\w/]{1,30}\|>")


def _without_reasoning(text: str) -> str:
    """What the model says after it has thought: closed, only closed, never closed, or in channels."""
    channels = list(_CHANNEL.finditer(text))
    if channels:
        last = channels[-1]
        if last["name"].lower() != "final":
            raise UnusableAnswer("a draft without an answer")
        text = text[last.end() :]
    if closings := list(_CLOSES.finditer(text)):
        # A mark inside a string of JSON would be a word of the answer.
        text = text[closings[-1].end() :]
    if opening := _OPENS.search(text):
        text = text[: opening.start()]
    text = _MARK.sub("", text).strip()
    if not text:
        raise UnusableAnswer("a draft without an answer")
    return text


# --- JSON ------------------------------------------------------------------------------------------

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|\?xml|script)\b|<div\s+class=", re.I)
# A key with its colon, a bracket at the edge of a line.
_JSON_REMAINS = re.compile(
    r"[{\[,]\s*[\"'“][\w ]{1,40}[\"'”]\s*:|^\s*[\"'“][\w ]{1,40}[\"'”]\s*:|^\s*[{}\[\]],?\s*$"
    r"|[\"'”]\s*[\]}]\s*[,}\]]*\s*$",
    re.M,
)
_COMMENT = re.compile(r"(?m)(?:^|(?<=[\s,{\[\"']))//[^\n\"]*$|(?s:/\*.*?\*/)")
_CURLED = str.maketrans("“”", '""')


def _json_sections(text: str) -> dict[str, Any] | None:
    for value in _json_values(text):
        inner = [*value.values()] if len(value) == 1 else []
        for parsed in (
            value,
            *inner,
            *(v for i in inner if isinstance(i, str) for v in _json_values(i)),
        ):
            if isinstance(parsed, dict):
                named = {_section_named(str(key)): item for key, item in parsed.items()}
                found = {section: item for section, item in named.items() if section}
                if found:
                    return found
    return None


def _json_values(text: str, depth: int = 2) -> Iterable[dict[str, Any]]:
    # Not strict: models write line breaks into their strings.
    decoder = json.JSONDecoder(strict=False)
    if (
        depth
        and (quote := re.search(r'"\s*\{|"\\?\{', text))
        and not text[: quote.start()].strip(" `\njson")
    ):
        try:
            inner, _ = decoder.raw_decode(text, quote.start())
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, str):
            yield from _json_values(inner, depth - 1)
            return
    # Prose before the object may hold a brace of its own, but not many.
    for brace in itertools.islice(re.finditer(r"\{", text), 20):
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
    # In YAML, of which JSON is a part, single quotes and a last comma are right. What is not complete is not.
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end and sum(map(text.count, "{[")) <= MAX_BRACKETS:
        body = _COMMENT.sub("", text[start : end + 1])
        for spelling in (body, body.translate(_CURLED)):
            try:
                value = yaml.load(spelling.replace("\t", " "), yaml.CSafeLoader)
            except (yaml.YAMLError, ValueError, RecursionError):
                continue
            if isinstance(value, dict) and all(v is not None for v in value.values()):
                yield value


# --- Text ------------------------------------------------------------------------------------------


def _text_sections(text: str) -> dict[str, Any]:
    sections: dict[str, list[str]] = {}
    current = sections.setdefault("summary", [])
    for line in text.splitlines():
        title, *rest = re.split("[:：]", line, maxsplit=1)
        section = _section_named(title)
        if section:
            current = sections.setdefault(section, [])
        content = "".join(rest).lstrip("*_ ") if section else line
        if content.strip() and not content.strip().startswith("```"):
            current.append(content)
    return dict(sections)


def _section_named(title: str) -> str | None:
    """The section that a key or a heading names, if it names one."""
    return _SECTION_OF.get(_DECORATION.sub("", title).lower())


def _answer(sections: dict[str, Any]) -> Answer:
    hypotheses = tuple(
        filter(lambda h: h.text, map(_hypothesis, _listed(sections.get("hypotheses"))))
    )
    return Answer(
        summary=tuple(line for line in _items(sections.get("summary")) if not _is_empty_talk(line)),
        examples=tuple(_items(sections.get("examples"))),
        hypotheses=tuple(h for h in hypotheses if not _REFUSAL.search(h.text)),
        actions=tuple(a for a in _items(sections.get("actions")) if not _REFUSAL.search(a)),
    )


def _hypothesis(value: Any) -> Hypothesis:
    if not isinstance(value, dict):
        return Hypothesis(next(iter(_items([value])), ""))
    text, words, tickets = "", [], []
    for key, item in value.items():
        name = _DECORATION.sub("", str(key)).lower()
        if name in ("words", "word", "keywords", "단어", "키워드"):
            words = _items(item if isinstance(item, list) else [item])
        elif name in ("tickets", "ticketids", "ids", "티켓", "evidence", "근거"):
            tickets = _items(item if isinstance(item, list) else [item])
        elif isinstance(item, str) and len(item) > len(text):
            text = (_items([item]) or [""])[0]
    return Hypothesis(text, tuple(words), tuple(tickets))


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) and "cause" in value else list(_items(value))


def _items(value: Any) -> list[str]:
    """The content of a section, of any type, as a list of lines."""
    if isinstance(value, str):
        value = value.splitlines()
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    lines = [_BULLET.sub("", printable(_flat(item))).strip() for item in value]
    return [line for line in lines if re.search(r"\w", line)]


def _flat(value: Any, depth: int = 3) -> str:
    """A JSON value as words, down to a depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return " ".join(_flat(part, depth - 1) for part in value) if depth else ""
    return str(value) if value else ""


# --- What is no answer -----------------------------------------------------------------------------

_REFUSAL = re.compile(
    r"i(?:'|’)?m (?:sorry|unable|not able)|i am (?:sorry|unable|not able)|i (?:can(?:'|’)?t|cannot|won(?:'"
    r"|’)?t|will not|must decline)|as an ai\b|language model"
    r"|(?:unable|not able|not possible) to (?:help|assist|provide|comply|answer|analy)|sorry, (?:but )?i"
    r"|(?:답변|도움|도와|제공|처리|수행|분석|응답|생성|작성|이행|진행|말씀)(?:을|를)?\s?(?:해\s?)?(?:드릴"
    r"|드리기|할|하기|해|드릴\s?수)\s?(?:는|가)?\s?(?:수(?:가|는)?\s?없|어렵|곤란|불가)"
    r"|(?:답변|제공|분석|응답|요청|처리)(?:이|은|는|을|를)?\s?(?:불가능|불가|거부|거절)|(?:죄송"
    r"|미안)(?:합니다|하지만|해요|스럽)|양해\s?(?:부탁|바랍)|인공지능\s?(?:언어\s?)?모델"
    r"|AI\s?(?:언어\s?)?모델(?:로서|이므로|이기)|정책(?:상|에\s?(?:따라|위배|위반|어긋))\s?.{0,30}(?:없|어렵|불가)"
    r"|안전\s?(?:지침|정책|가이드)|(?:blocked|declined|rejected) by|content (?:filter|policy)|do(?:n(?:'"
    r"|’)?t| not) have access|don(?:'|’)?t support|sorry\b.{0,20}\bbut\b",
    re.I,
)
_GREETS = (
    r"(?:네|예|넵|물론(?:입니다|이죠|이에요)?|좋습니다|좋은 질문입니다|알겠습니다|알겠어요|확인했습니다"
    r"|확인하였습니다|이해했습니다"
    r"|안녕하세요|감사합니다|sure|certainly|of course|okay|ok|understood|got it|absolutely|hello|hi|thank you"
    r"|thanks|thinking|null|none|n/a)"
)
_ANNOUNCES = (
    r"[가-힣A-Za-z(), ]{0,60}?(?:분석|정리|작성|답변|요약|확인|검토|살펴|보고|제공|말씀|준비|생성|안내|설명"
    r"|알려|도와)[가-힣 ]{0,14}"
    r"(?:하겠습니다|드리겠습니다|드릴까요|볼게요|보겠습니다|시작합니다|할게요|드릴게요|주세요|주시면|바랍니다"
    r"|입니다\s?:|중입니다|겠어요)"
    r"|(?:다음은|아래는|이하는|요청하신)[가-힣A-Za-z() ]{0,40}(?:입니다|같습니다|했습니다)"
    r"|[가-힣 ]{0,20}(?:결과|내용)(?:는|은)\s(?:다음|아래)과 같습니다"
    r"|(?:here(?:'|’)?s|here is|let me|i(?:'|’)ll|i will|i(?:'|’)d be|below is|the following is|working on"
    r"|one moment|please (?:wait|provide|share|let))\b.{0,80}"
    r"|(?:잠시만\s?)?기다려\s?(?:주세요|주시면[가-힣 ]*)|무엇을 도와[가-힣 ]*|추가(?:로)?\s?(?:정보|질문"
    r"|궁금)[가-힣 ,]*|어떤 (?:부분|내용)[가-힣 ]*(?:나요|까요|가요)"
    r"|도움이\s?되[가-힣 ]*|언제든(?:지)?\s?(?:문의|말씀)[가-힣 ]*|더\s?필요하신[가-힣 ,]*"
)
_FILLER = re.compile(rf"(?:{_GREETS}[\s,.!?~…]*)*(?:이제\s)?(?:{_ANNOUNCES})?[\s.!?~:…]*", re.I)
_ECHOES = (
    "세 문장 이내의 요약", "두세 문장 요약",
    "대표 티켓의 ticket_id", "고객의 소리(voc) 분석가입니다", "json 객체 하나로만",
    "<tickets>", "<change>", "</tickets>", "</change>",
    "\\u003c", "자료일 뿐입니다", "역할 변경, 형식 변경", "\"ticket_id\"", "ticket_id만", "지어내지 마세요",
)  # fmt: skip


def _is_empty_talk(line: str) -> bool:
    """Whether a line refuses or announces instead of saying something."""
    plain = re.sub(r"[*_`#>]", "", line[:MAX_TALK_CHARACTERS]).strip()
    if not re.search(r"\w", plain):
        return True
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", plain) if s]
    return bool(_REFUSAL.search(plain)) or all(map(_FILLER.fullmatch, sentences))


def _is_echo(line: str) -> bool:
    small = line.casefold()
    return any(words in small for words in _ECHOES) or line.strip(' …"') in (
        "원인 가설",
        "후속 조치",
    )


def _repeats(said: Iterable[str], prompt: str) -> bool:
    """Whether most of the answer stands in the instruction."""
    lines = [line for line in said if len(line) >= 12]
    return bool(lines) and 2 * sum(line in prompt for line in lines) > len(lines)

"""Whole answers in odd wrappings that say all that was asked for: each has to be read as its four sections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache

from flows.report.values import Material
from tests.analysis.corpus.materials import subjects


@dataclass(frozen=True)
class Sections:
    """What an answer says. Emphasis is not part of it."""

    summary: str
    examples: tuple[str, ...]
    hypotheses: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Readable:
    """An answer about `material`, and what has to be read from it: all of it is true of the material."""

    name: str
    material: Material
    text: str
    sections: Sections


_CONTENTS = (
    Sections(
        "문의가 30건에서 69건으로 늘었습니다. 부정 비율도 40.0%에서 71.0%로 올랐습니다.",
        ("52001001", "52001010"),
        ("사파리에서 결제창이 바로 닫히는 것일 수 있습니다.",),
        ("사파리에서 재현해 보세요.", "관련 로그를 수집해 주세요."),
    ),
    Sections(
        "사파리 문의가 지난주 0건에서 이번 주 49건으로 늘었어요. 문의는 모두 69건이에요.",
        ("52001004",),
        ("팝업 차단 방식이 바뀌었을 수 있습니다.", "쿠키가 막혔을 가능성이 있습니다."),
        ("결제 흐름을 처음부터 끝까지 점검합니다.",),
    ),
    Sections(
        "69건 중 49건(71%)이 부정 문의입니다. 고객은 “크롬은 정상입니다”라고 적었습니다.",
        ("52001010", "52001022", "52001001"),
        ("iOS 19.1에서 결제창 스크립트가 동작하지 않는 것으로 의심됩니다.",),
        ("결제 실패 안내 문구를 고쳐 주세요.",),
    ),
)
_KOREAN = {
    "summary": "요약",
    "examples": "대표 예시",
    "hypotheses": "원인 가설",
    "actions": "후속 조치",
}
_DRAFT = '초안: {"summary": "아직 초안입니다.", "hypotheses": ["초안 가설입니다."]} 이제 정리하자.'

Form = Callable[[Sections], str]


def _json(sections: Sections, indent: int | None = None) -> str:
    return json.dumps(asdict(sections), ensure_ascii=False, indent=indent)


def _pretty(sections: Sections) -> str:
    return _json(sections, indent=2)


def _around(before: str, after: str = "") -> Form:
    return lambda sections: f"{before}{_json(sections)}{after}"


def _with_keys(names: dict[str, str]) -> Form:
    return lambda sections: json.dumps(
        {names[key]: value for key, value in asdict(sections).items()}, ensure_ascii=False
    )


def _with(key: str, write: Callable[[Sections], object]) -> Form:
    return lambda sections: json.dumps(
        asdict(sections) | {key: write(sections)}, ensure_ascii=False
    )


def _markdown(heading: str, bullet: str = "- {}", names: dict[str, str] = _KOREAN) -> Form:
    def write(sections: Sections) -> str:
        parts = []
        for key, value in asdict(sections).items():
            lines = [value] if key == "summary" else [bullet.format(each) for each in value]
            parts.append("\n".join([heading.format(names[key]), *lines]))
        return "\n\n".join(parts)

    return write


def _emphasised(sections: Sections) -> str:
    text = _markdown("**{}**")(sections)
    text = re.sub(r"(\d+건|사파리|팝업 차단|재현)", r"**\1**", text)
    return re.sub(r"(결제창|쿠키|로그|안내 문구)", r"*\1*", text)


def _smart_quotes(sections: Sections) -> str:
    """Delimiters only: what is quoted inside is in single quotation marks then."""
    inside = _json(sections).replace("“", "‘").replace("”", "’")
    return re.sub(r'"([^"]*)"', r"“\1”", inside)


_FORMS: dict[str, Form] = {
    "JSON": _json,
    "indented JSON": _pretty,
    "escaped JSON": lambda sections: json.dumps(asdict(sections)),
    "JSON in fences": _around("```json\n", "\n```"),
    "JSON in bare fences": _around("```\n", "\n```"),
    "JSON in tilde fences": _around("~~~json\n", "\n~~~"),
    "JSON in capital fences": _around("```JSON\n", "\n```\n"),
    "JSON behind a lost fence": _around("json\n"),
    "JSON in fences with prose around": _around(
        "분석 결과입니다.\n\n```json\n", "\n```\n\n더 필요하시면 말씀해 주세요."
    ),
    "JSON between prose": _around("네, 정리했습니다.\n", "\n도움이 되었기를 바랍니다."),
    "JSON behind braces in prose": _around("양식 {} 과 {키: 값} 대로 답합니다. "),
    "<think>": _around(f"<think>{_DRAFT}</think>\n"),
    "<think> over lines": _around(f"<think>\n먼저 건수를 본다.\n{_DRAFT}\n</think>\n\n"),
    "<think> with nothing in it": _around("<think>\n\n</think>\n\n"),
    "<thinking>": _around(f"<thinking>\n{_DRAFT}\n</thinking>\n"),
    "<THINK>": _around(f"<THINK>{_DRAFT}</THINK>"),
    "<reasoning>": _around(f"<reasoning>{_DRAFT}</reasoning>\n\n"),
    "<think> twice": _around(f"<think>{_DRAFT}</think>\n<think>한 번 더 본다.</think>\n"),
    "<think> before fences": _around(f"<think>{_DRAFT}</think>\n```json\n", "\n```"),
    "<think> before Markdown": lambda sections: (
        f"<think>## 요약\n아직 초안입니다.</think>\n{_markdown('## {}')(sections)}"
    ),
    "only </think>": _around(f"{_DRAFT}\n</think>\n"),
    "only </think>, then Markdown": lambda sections: (
        f"먼저 건수를 본다.\n</think>\n{_markdown('### {}')(sections)}"
    ),
    "only </thinking>": _around(f"{_DRAFT}</thinking>"),
    "channels": _around(
        f"<|channel|>analysis<|message|>{_DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>",
        "<|return|>",
    ),
    "channels without an end": _around(
        f"<|start|>assistant<|channel|>analysis<|message|>{_DRAFT}<|end|>\n"
        "<|start|>assistant<|channel|>final<|message|>"
    ),
    "the final channel only": _around("<|channel|>final<|message|>"),
    "a final channel that names JSON": _around(
        f"<|channel|>analysis<|message|>{_DRAFT}<|end|>"
        "<|start|>assistant<|channel|>final <|constrain|>json<|message|>"
    ),
    "triangles": _around(f"◁think▷{_DRAFT}◁/think▷"),
    "[THINK]": _around(f"[THINK]{_DRAFT}[/THINK]"),
    "<answer>": _around("<answer>\n", "\n</answer>"),
    "<think> and <answer>": _around(f"<think>{_DRAFT}</think>\n<answer>", "</answer>"),
    "an end mark behind": _around("", "<|im_end|>"),
    "JSON in a string": lambda sections: json.dumps(_json(sections), ensure_ascii=False),
    "indented JSON in a string": lambda sections: json.dumps(_pretty(sections)),
    "JSON in a string in fences": lambda sections: f"```json\n{json.dumps(_json(sections))}\n```",
    "JSON as the value of a key": lambda sections: json.dumps({"answer": _json(sections)}),
    "JSON in another object": _around('{"result": ', "}"),
    "JSON as arguments of a call": _around('{"name": "answer", "arguments": ', "}"),
    "JSON in a list": _around("[", "]"),
    "line comments": lambda sections: _pretty(sections).replace(
        '  "hypotheses"', '  // 가설은 근거 순\n  "hypotheses"'
    ),
    "comments at the ends of lines": lambda sections: _pretty(sections).replace(
        "],\n", "], // 확인함\n"
    ),
    "block comments": lambda sections: _pretty(sections).replace("{", "{ /* 분석 결과 */", 1),
    "hash comments": lambda sections: _pretty(sections).replace(
        '  "actions"', '  # 다음에 할 일\n  "actions"'
    ),
    "a trailing comma": lambda sections: _pretty(sections)[:-2] + ",\n}",
    "trailing commas everywhere": lambda sections: re.sub(
        r"(\n\s*[\]}])", r",\1", _pretty(sections)
    ),
    "single quotes": lambda sections: _json(sections).replace('"', "'"),
    "a Python literal": lambda sections: repr(
        {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(sections).items()}
        | {"note": None, "is_final": True}
    ),
    "keys without quotes": lambda sections: re.sub(r'"(\w+)":', r"\1:", _json(sections)),
    "smart quotes as delimiters": _smart_quotes,
    "a byte order mark": _around("\ufeff"),
    "zero-width characters around": _around("\u200b", "\u200b"),
    "CRLF": lambda sections: _pretty(sections).replace("\n", "\r\n"),
    "bare line breaks in strings": lambda sections: _json(sections).replace(". ", ".\n"),
    "Korean keys": _with_keys(_KOREAN),
    "capital keys": _with_keys({key: key.upper() for key in _KOREAN}),
    "numbered Korean keys": _with_keys(
        {key: f"{number}. {name}" for number, (key, name) in enumerate(_KOREAN.items(), 1)}
    ),
    "hypotheses as text": _with("hypotheses", lambda s: "\n".join(f"- {h}" for h in s.hypotheses)),
    "summary as a list": _with("summary", lambda s: re.split(r"(?<=\.) ", s.summary)),
    "examples as objects": _with(
        "examples", lambda s: [{"ticket_id": each} for each in s.examples]
    ),
    "examples as numbers": _with("examples", lambda s: [int(each) for each in s.examples]),
    "another key beside": lambda sections: json.dumps(
        {"language": "ko"} | asdict(sections) | {"confidence": 0.8}, ensure_ascii=False
    ),
    "Markdown": _markdown("## {}"),
    "Markdown in fences": lambda sections: f"```markdown\n{_markdown('## {}')(sections)}\n```",
    "Markdown, bold headings": _markdown("**{}**"),
    "Markdown, bold with a colon": _markdown("**{}:**", "* {}"),
    "Markdown, numbered": _markdown("### 1. {}", "1. {}"),
    "Markdown, an emoji": _markdown("## 📌 {}", "• {}"),
    "Markdown, English": _markdown("# {}", "- {}", {key: key.title() for key in _KOREAN}),
    "Markdown with emphasis": _emphasised,
    "plain headings": _markdown("{}:"),
    "headings in brackets": _markdown("[{}]", "- {}"),
    "headings in Korean brackets": _markdown("【{}】", "· {}"),
    "headings behind squares": _markdown("■ {}", "- {}"),
}


@cache
def readable() -> tuple[Readable, ...]:
    material = subjects()[0].material
    return tuple(
        _readable(name, form, material, _CONTENTS[number % len(_CONTENTS)])
        for number, (name, form) in enumerate(_FORMS.items())
    )


def _readable(name: str, form: Form, material: Material, sections: Sections) -> Readable:
    read = sections
    if form is _smart_quotes:
        summary = sections.summary.replace("“", "‘").replace("”", "’")
        read = Sections(summary, sections.examples, sections.hypotheses, sections.actions)
    return Readable(name, material, form(sections), read)

"""The two ways to ask a model: a LaaS preset, and OpenAI's chat completions. Both answer in the same form. Pure.

Nothing else knows which of them a run uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from flows.analysis.prompt import Prompt


@dataclass(frozen=True)
class Laas:
    """A LaaS preset: where it is, which project pays, and the hash that names its system prompt."""

    base_url: str
    project: str
    preset_hash: str
    api_key: SecretStr

    source: ClassVar[Literal["laas"]] = "laas"
    name: ClassVar[str] = "LaaS"
    path: ClassVar[str] = "api/preset/v2/chat/completions"
    plainer: ClassVar[None] = None

    @property
    def headers(self) -> dict[str, str]:
        return {"project": self.project, "apiKey": self.api_key.get_secret_value()}

    @property
    def identity(self) -> tuple[str, ...]:
        """What an answer depends on beside the prompt."""
        return ("laas", self.base_url, self.preset_hash)

    def body(self, prompt: Prompt) -> dict[str, Any]:
        # There is no system role: the preset holds the system prompt.
        return {
            "hash": self.preset_hash,
            "messages": [{"role": "user", "content": prompt.text}],
        }


@dataclass(frozen=True)
class OpenAI:
    """A model behind OpenAI's chat completions, of whatever service; a local server may want no key."""

    base_url: str
    model: str
    api_key: SecretStr | None
    in_json_mode: bool = True

    source: ClassVar[Literal["model"]] = "model"

    @property
    def name(self) -> str:
        return self.model

    @property
    def path(self) -> str:
        # Services name their base URL with the version in it, as OpenAI's own libraries want it.
        has_path = urlsplit(self.base_url).path.strip("/")
        return "chat/completions" if has_path else "v1/chat/completions"

    @property
    def plainer(self) -> OpenAI | None:
        """The same without JSON mode, which not every server and model knows; None if that is what this is."""
        return replace(self, in_json_mode=False) if self.in_json_mode else None

    @property
    def headers(self) -> dict[str, str]:
        return (
            {"Authorization": f"Bearer {self.api_key.get_secret_value()}"} if self.api_key else {}
        )

    @property
    def identity(self) -> tuple[str, ...]:
        """What an answer depends on beside the prompt."""
        return ("openai", self.base_url, self.model)

    def body(self, prompt: Prompt) -> dict[str, Any]:
        json_mode = {"response_format": {"type": "json_object"}} if self.in_json_mode else {}
        return {
            "model": self.model,
            "messages": [
                {"role": "system", "content": prompt.instruction},
                {"role": "user", "content": prompt.data},
            ],
            **json_mode,
        }


ModelApi = Laas | OpenAI

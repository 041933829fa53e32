"""A local Cloud Storage: buckets of objects behind a token, as far as this product asks for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from tests.fakes.google import refusal, token_for, variables
from tests.fakes.http import FakeServer, Refused, Reply, Request, parse_json


@dataclass(frozen=True)
class Object:
    """What lies under a name."""

    content: bytes
    content_type: str
    cache_control: str | None
    updated: str = "2026-11-16T00:00:00Z"


class FakeStorage(FakeServer):
    """One project's buckets.

    Args:
        buckets: their names.
        may_see_buckets: whether the account may ask for a bucket itself (roles/storage.legacyBucketReader).
    """

    def __init__(self, *buckets: str, may_see_buckets: bool = True) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, Object]] = {bucket: {} for bucket in buckets}
        self.may_see_buckets = may_see_buckets

    def variables(self, folder: Path) -> dict[str, str]:
        """What leads a process here, with a key file in the folder."""
        return {"STORAGE_EMULATOR_HOST": self.url} | variables(folder, "voc-test", self.url)

    def respond(self, request: Request) -> Reply:
        if token := token_for(request):
            return token
        for verb, path, handle in _ROUTES:
            found = re.fullmatch(path, request.method)
            if found and request.verb == verb:
                bucket, *name = map(unquote, found.groups())
                if bucket not in self.objects:
                    raise Refused("notFound", ["The specified bucket does not exist."], 404)
                with self._lock:
                    return handle(self, request, bucket, *name)
        raise Refused("notFound", [f"{request.verb} {request.method}"], 404)

    def refuse(self, refused: Refused) -> Reply:
        return refusal(refused.status, refused.error, refused.details[0])

    def _show_bucket(self, request: Request, bucket: str) -> Reply:
        if not self.may_see_buckets:
            raise Refused("forbidden", ["storage.buckets.get access denied"], 403)
        return Reply(body={"kind": "storage#bucket", "name": bucket})

    def _list(self, request: Request, bucket: str) -> Reply:
        query = dict(parse_qsl(request.query))
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        names = [name for name in self.objects[bucket] if name.startswith(prefix)]
        here = [n for n in names if not delimiter or delimiter not in n.removeprefix(prefix)]
        objects = self.objects[bucket]
        items = [{"name": name, "updated": objects[name].updated} for name in here]
        return Reply(body={"kind": "storage#objects", "items": items})

    def _upload(self, request: Request, bucket: str) -> Reply:
        header = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        metadata, content = message_from_bytes(header + request.body, policy=HTTP).iter_parts()
        described: dict[str, Any] = parse_json(str(metadata.get_payload()))
        self.objects[bucket][described["name"]] = Object(
            cast("bytes", content.get_payload(decode=True)),
            content.get_content_type()
            + (f"; charset={charset}" if (charset := content.get_content_charset()) else ""),
            described.get("cacheControl"),
        )
        return Reply(body=described | {"bucket": bucket})

    def _download(self, request: Request, bucket: str, name: str) -> Reply:
        found = self.objects[bucket].get(name)
        if found is None:
            raise Refused("notFound", [f"No such object: {bucket}/{name}"], 404)
        return Reply(body=found.content, headers={"Content-Type": found.content_type})

    def _delete(self, request: Request, bucket: str, name: str) -> Reply:
        if self.objects[bucket].pop(name, None) is None:
            raise Refused("notFound", [f"No such object: {bucket}/{name}"], 404)
        return Reply(204)


_ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    ("GET", r"/storage/v1/b/([^/]+)", FakeStorage._show_bucket),
    ("GET", r"/storage/v1/b/([^/]+)/o", FakeStorage._list),
    ("DELETE", r"/storage/v1/b/([^/]+)/o/([^/]+)", FakeStorage._delete),
    ("POST", r"/upload/storage/v1/b/([^/]+)/o", FakeStorage._upload),
    ("GET", r"/download/storage/v1/b/([^/]+)/o/([^/]+)", FakeStorage._download),
]

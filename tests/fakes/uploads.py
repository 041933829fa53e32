"""Files on their way into the fake Slack: announced, uploaded to a URL of their own, then shared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.block_kit import complaint
from tests.fakes.http import Refused, Reply, Request, parse_json

PREFIX = "/upload/"
"""Where files go, as the path of a URL that the client is given."""
ALT_TEXT_LIMIT = 1000


@dataclass
class File:
    """`content` is None until it is uploaded, `length` is what the client announced, in bytes."""

    id: str
    name: str
    length: int
    alt_text: str
    content: bytes | None = field(default=None, repr=False)
    is_shared: bool = False


class Uploads:
    """All files that were announced, by id."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}

    def announce(self, params: dict[str, Any]) -> File:
        """`files.getUploadURLExternal`."""
        if not str(params["length"]).isdecimal() or int(params["length"]) == 0:
            raise Refused("invalid_arguments", [complaint("must be above 0", "/length")])
        alt_text = params.get("alt_txt", "not sent")
        if not isinstance(alt_text, str) or not 1 <= len(alt_text) <= ALT_TEXT_LIMIT:
            what = f"must be a string of 1 to {ALT_TEXT_LIMIT} characters"
            raise Refused("invalid_arguments", [complaint(what, "/alt_txt")])
        name, length = params["filename"], int(params["length"])
        file = File(f"F{len(self.files):04}", name, length, params.get("alt_txt", ""))
        self.files[file.id] = file
        return file

    def take(self, request: Request) -> Reply:
        """The bytes, as many as announced, at the URL that was given out."""
        file = self.files.get(request.method.removeprefix(PREFIX))
        if file is None or len(request.body) != file.length:
            raise Refused("invalid_upload", [request.method], 400)
        file.content = request.body
        return Reply(body=f"OK - {file.length}".encode())

    def share(self, files: str) -> list[dict[str, str]]:
        """`files.completeUploadExternal`: what the message shows of each file.

        Raises:
            Refused: `file_not_found` if one was not uploaded, or was shared before.
        """
        described = []
        for each in parse_json(files):
            file = self.files.get(each["id"])
            if file is None or file.content is None or file.is_shared:
                raise Refused("file_not_found")
            file.is_shared = True
            title = each.get("title", file.name)
            described.append({"id": file.id, "name": file.name, "title": title})
        return described

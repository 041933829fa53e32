"""`voc-bot` on a machine where names are not resolved and Socket Mode does not close: both hang for a minute."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

from aiohttp import ClientWebSocketResponse

from bot.__main__ import main

NAME = "hangs.example"
MINUTE = 60.0


def _resolve_slowly(host: str, *rest: Any, resolve: Any = socket.getaddrinfo, **more: Any) -> Any:
    if host == NAME:
        time.sleep(MINUTE)
    return resolve(host, *rest, **more)


async def _close_slowly(self: ClientWebSocketResponse, **_: Any) -> bool:
    await asyncio.sleep(MINUTE)
    return True


if __name__ == "__main__":
    socket.getaddrinfo = _resolve_slowly  # type: ignore[assignment]
    ClientWebSocketResponse.close = _close_slowly  # type: ignore[method-assign,assignment]
    main()

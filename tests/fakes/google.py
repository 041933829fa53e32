"""What Google's services share here: a token that they want, and a key file to get it with."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.http import Refused, Reply, Request

TOKEN = "ya29.local"


def token_for(request: Request) -> Reply | None:
    """The answer to whoever comes with a key; None once they come with the token. Raises Refused without either."""
    if request.method == "/token":
        return Reply(body={"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise Refused("authError", ["Invalid Credentials"], status=401)
    return None


def refusal(status: int, reason: str, message: str) -> Reply:
    """An error in Google's words, to be given to `on(do=…)`."""
    return Reply(
        status,
        {
            "error": {
                "code": status,
                "message": message,
                "errors": [{"reason": reason, "message": message, "domain": "global"}],
            }
        },
    )


def variables(folder: Path, project: str, endpoint: str) -> dict[str, str]:
    """What keeps Google's libraries at the endpoint, with a key file in the folder."""
    return {
        # They look up where an account may be used: not on the internet, in a test.
        "HTTPS_PROXY": endpoint,
        "NO_PROXY": "127.0.0.1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, project, endpoint)),
    }


def key_file(folder: Path, project: str, endpoint: str) -> Path:
    """A service account's key whose tokens come from the endpoint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "key.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": project,
                "private_key_id": "local",
                "private_key": pem.decode(),
                "client_email": f"voc@{project}.iam.gserviceaccount.com",
                "client_id": "1",
                "token_uri": f"{endpoint}/token",
            }
        )
    )
    return path

"""What the demo makes up so that it runs without being told anything."""

import base64
import hashlib
import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# Production refuses it.
ACCOUNT_SID = "AC" + "de" * 16
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def make_up(home: Path, port: str, sandbox_port: str) -> dict[str, str]:
    """Return the demo's values by the names of the settings."""
    return {
        "public_base_url": f"http://127.0.0.1:{port}",
        "twilio_base_url": f"http://127.0.0.1:{sandbox_port}",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_phone_number": "+12025550101",
        "twilio_whatsapp_number": "+12025550102",
        "sendgrid_from_email": "care@grandpro.example",
        "sendgrid_base_url": f"http://127.0.0.1:{sandbox_port}",
        **_secrets(home),
    }


def mail_event_key(api_key: str) -> "EllipticCurvePrivateKey":
    """Return the key with which the sandbox signs its e-mail events, made from the account's."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- the demo's alone

    digest = hashlib.sha256(b"sandbox-mail-events\0" + api_key.encode()).digest()
    number = int.from_bytes(digest, "big") % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def mail_webhook_key(api_key: str) -> str:
    """Return its public half, as SendGrid would show it."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415

    public = mail_event_key(api_key).public_key()
    der = public.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _secrets(home: Path) -> dict[str, str]:
    """Return the home's secrets, written once and readable by their owner alone."""
    path = home / "secrets.json"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        _write_once(path, json.dumps(_new_secrets(), indent=2))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _new_secrets() -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "secret_key": f"demo-{secrets.token_hex(32)}",
        "encryption_keys": f"demo:{key}",
        "twilio_auth_token": f"demo-{secrets.token_hex(16)}",
        "sendgrid_api_key": f"demo-{secrets.token_hex(16)}",
    }


def _write_once(path: Path, text: str) -> None:
    # A link is refused when the name is taken: of two first starts, one keeps its secrets
    # and both read them whole.
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    Path(draft).unlink()

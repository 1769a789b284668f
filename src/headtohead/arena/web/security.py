"""Who may do what: signed tokens, and the secret that signs them.

A token is a text with a signature by the secret of this arena, which lies beside its database. Each
kind of token has a purpose of its own in its signature, so that none passes for another.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Literal

from headtohead.core.errors import StoreFull

Purpose = Literal["voter", "link", "vote", "form", "admin", "header", "cookie"]


def secret_beside(database: Path) -> bytes:
    """The secret of an arena, made when there is none; only its owner may read the file.

    Raises:
        StoreFull: If it cannot be written.
    """
    path = database.with_name(f"{database.name}.secret")
    try:
        if not path.exists():
            # Written whole under another name first: a secret that is half there would change.
            part = path.with_name(f"{path.name}.{os.getpid()}")
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
            try:
                os.link(part, path)
            except FileExistsError:
                pass  # another process was first
            finally:
                part.unlink()
        return bytes.fromhex(path.read_text())
    except (OSError, ValueError) as error:
        raise StoreFull(f"{path}: the secret of the arena cannot be kept there: {error}.") from None


class Signer:
    """Makes and checks signatures.

    Args:
        secret: Of this arena.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def signature(self, purpose: Purpose, *parts: str) -> str:
        """What only this arena can write under these texts."""
        # The length of each part stands in it, so that no two lists of parts are one text.
        text = "".join(f"{len(part)}:{part}" for part in (purpose, *parts))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:40]

    def cookie(self, purpose: Purpose) -> str:
        """The name of a cookie: browsers send those of one host to every port of it."""
        return f"h2h_{purpose}_{self.signature('cookie', purpose)[:8]}"

    def signs(self, given: str, purpose: Purpose, *parts: str) -> bool:
        """Whether a signature is ours."""
        return hmac.compare_digest(given.encode(), self.signature(purpose, *parts).encode())

    def signed(self, purpose: Purpose, text: str) -> str:
        """A text with its signature."""
        return f"{text}.{self.signature(purpose, text)}"

    def opened(self, purpose: Purpose, token: str) -> str:
        """The text of a token; empty if it is not ours."""
        text, _, signature = token.rpartition(".")
        return text if text and self.signs(signature, purpose, text) else ""

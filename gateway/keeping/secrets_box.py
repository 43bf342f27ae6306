"""Secrets under a passphrase: scrypt makes the key, AES-256-GCM seals. The only user of ``cryptography``.

A sealed box says in the open how it was made, so later versions may choose other costs and still open old ones.

The library is loaded when a box is made or opened: it takes 7 MB, and gateway and page, which only make and list
backups without secrets, run on a Pi.
"""

import os
import unicodedata

import msgspec
from msgspec import Struct

from gateway.errors import StorageError

COST = (2**15, 8, 3)
"""scrypt's n, r, p: one of OWASP's equal choices (Password Storage Cheat Sheet), the one that needs 32 MB, which
every Pi has; 0.3 s here, some 2 s on a Pi."""
MOST_MEMORY, MOST_ROUNDS = 256 * 2**20, 16
"""Bytes, and p, that a box may ask for when it is opened; one that was tampered with could ask for all."""
SHORTEST_PASSPHRASE = 12
"""Characters; whoever finds a backup may guess for as long as they like."""


class Secret(Struct, frozen=True, kw_only=True):
    """A file of mode 0600."""

    path: str
    body: bytes
    owner: str = ""
    group: str = ""


class _How(Struct, frozen=True, kw_only=True):
    n: int
    r: int
    p: int
    salt: bytes
    nonce: bytes
    kdf: str = "scrypt"
    cipher: str = "AES-256-GCM"


class _Box(Struct, frozen=True, kw_only=True):
    how: _How
    sealed: bytes


def seal(secrets: list[Secret], passphrase: str) -> bytes:
    """Raises ``StorageError`` for a passphrase that is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise StorageError(
            f"the passphrase is too short: take at least {SHORTEST_PASSPHRASE} characters, such as four words"
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    n, r, p = COST
    how = _How(n=n, r=r, p=p, salt=os.urandom(16), nonce=os.urandom(12))
    sealed = AESGCM(_key(how, passphrase)).encrypt(how.nonce, msgspec.json.encode(secrets), _open(how))
    return msgspec.json.encode(_Box(how=how, sealed=sealed))


def unseal(whole: bytes, passphrase: str) -> list[Secret]:
    """Raises ``StorageError`` for another passphrase, and for a box that this version cannot open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        box = msgspec.json.decode(whole, type=_Box)
        how = box.how
        if (how.kdf, how.cipher) != ("scrypt", "AES-256-GCM"):
            raise StorageError(
                f"its secrets are sealed with {how.kdf} and {how.cipher}, which this version cannot open"
            )
        if 128 * how.n * how.r > MOST_MEMORY or how.p > MOST_ROUNDS:
            raise StorageError("opening its secrets would take all of this machine: it was tampered with")
        opened = AESGCM(_key(how, passphrase)).decrypt(how.nonce, box.sealed, _open(how))
        return msgspec.json.decode(opened, type=list[Secret])
    except InvalidTag:
        raise StorageError(
            "this is not the passphrase with which the backup was made (the backup itself is whole); capitals and "
            "blanks count"
        ) from None
    except (msgspec.DecodeError, ValueError) as e:
        raise StorageError(f"its secrets cannot be opened: {e}") from None


def _key(how: _How, passphrase: str) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    # Keyboards of two systems may send an accented letter as one character or as two.
    text = unicodedata.normalize("NFKC", passphrase)
    return Scrypt(salt=how.salt, length=32, n=how.n, r=how.r, p=how.p).derive(text.encode())


def _open(how: _How) -> bytes:
    """What stands in the open is sealed against changes, too."""
    return msgspec.json.encode(how)

"""Secrets: how they are held, and where the one for a master comes from.

The sources, first one wins: ``--secret``, ``--secret_file``, the environment, the keyring of the
operating system. A secret is never an argument of a program we start, nor part of an error.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mesos_batch.config.file_url import file_of
from mesos_batch.errors import UsageError

VISIBLE = (
    "--secret can be read by everybody in the process list; --secret_file, MESOS_BATCH_SECRET "
    "and 'mesos-batch secret set' keep it out of there"
)


class Secret:
    """A text that shows itself only when asked with :meth:`reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What flags and environment say about who we are."""

    principal: str | None = None
    flag_secret: Secret | None = None
    flag_file: Path | None = None
    env_secret: Secret | None = None
    env_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a master, and what the user should know about where that came from."""

    principal: str | None = None
    secret: Secret | None = None
    warnings: tuple[str, ...] = ()


def find_credentials(given: Given, keyring_master: str | None) -> Credentials:
    """Find the secret of the principal.

    ``keyring_master`` is the master whose secret the keyring may be asked for, ``None`` to leave
    the keyring alone. Without a secret a principal is still a name the master may trust.

    Raises:
        UsageError: the sources contradict each other, a file cannot be read, or Mesos could
            never accept the principal or the secret.
    """
    if given.flag_secret is not None and given.flag_file is not None:
        raise UsageError("--secret and --secret_file are both given", "Give one of them.")
    found = _from_flags(given) or _from_environment(given)
    if found.secret is None and found.principal is not None and keyring_master is not None:
        found = _from_keyring(found.principal, keyring_master)
    refuse_colons(found)
    return found


def _from_flags(given: Given) -> Credentials | None:
    if given.flag_secret is not None:
        text = given.flag_secret.reveal()
        if text.startswith("file://"):
            found = _from_file(file_of(text), "--secret", given.principal)
        else:
            found = Credentials(given.principal, given.flag_secret, (VISIBLE,))
    elif given.flag_file is not None:
        found = _from_file(given.flag_file, "--secret_file", given.principal)
    else:
        return None
    if found.principal is None:
        raise UsageError("a secret is given but no principal", "Add --principal=NAME.")
    return found


def _from_environment(given: Given) -> Credentials:
    if given.env_secret is not None:
        found = Credentials(given.principal, given.env_secret)
    elif given.env_file is not None:
        found = _from_file(given.env_file, "MESOS_BATCH_SECRET_FILE", given.principal)
    else:
        return Credentials(given.principal)
    if found.principal is None:
        return Credentials(
            warnings=("the environment has a secret but no principal, so neither is used",)
        )
    return found


def _from_keyring(principal: str, master: str) -> Credentials:
    from mesos_batch.config import keyring_store

    try:
        return Credentials(principal, keyring_store.load(principal, master))
    except keyring_store.KeyringUnusableError as error:
        return Credentials(principal, None, (f"the keyring could not be read: {error}",))


def _from_file(path: Path, source: str, principal: str | None) -> Credentials:
    """Read a file with the secret alone, or with Mesos credentials as text or JSON."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read().rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"{source}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"{source}: {path} is not UTF-8 text") from None
    warnings: tuple[str, ...] = ()
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        warnings = (f"{path} can be read by others; 'chmod 600 {path}' mends that",)
    secrets = _credentials_in(text)
    if secrets is None:
        raise UsageError(
            f"{source}: {path} holds neither a secret alone nor Mesos credentials",
            'Write the secret on one line, or {"principal": "...", "secret": "..."}.',
        )
    if None in secrets:
        return Credentials(principal, Secret(secrets[None]), warnings)
    if principal is None and len(secrets) == 1:
        (principal,) = secrets
    if principal is None:
        raise UsageError(f"{source}: {path} has several principals", "Add --principal=NAME.")
    if principal not in secrets:
        raise UsageError(f"{source}: {path} has no secret for the principal '{principal}'")
    return Credentials(principal, Secret(secrets[principal]), warnings)


def _credentials_in(text: str) -> dict[str | None, str] | None:
    """Secrets by principal, ``{None: secret}`` for a secret alone, ``None`` for neither."""
    if text.lstrip().startswith("{"):
        return _credentials_in_json(text)
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return {None: lines[0][0]}
    if lines and all(len(words) == 2 for words in lines):
        return {words[0]: words[1] for words in lines}
    return None


def _credentials_in_json(text: str) -> dict[str | None, str] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    entries = document.get("credentials", [document])
    found: dict[str | None, str] = {}
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"principal": str(principal), "secret": str(secret)}:
                found[principal] = secret
            case _:
                return None
    return found or None


def refuse_colons(credentials: Credentials) -> None:
    """Refuse what HTTP basic authentication of Mesos cannot carry.

    Mesos splits ``principal:secret`` at every colon and wants exactly two parts
    (``src/authentication/http/basic_authenticator_factory``, libprocess authenticator.cpp).
    """
    if credentials.secret is None:
        return
    if credentials.principal is not None and ":" in credentials.principal:
        raise UsageError(
            "the principal contains a colon: with a secret, Mesos can never accept it",
            "Ask for a principal without ':'.",
        )
    if ":" in credentials.secret.reveal():
        raise UsageError(
            "the secret contains a colon: Mesos can never accept it",
            "Ask for a secret without ':'.",
        )

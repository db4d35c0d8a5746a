"""Where the secret or the token for a master comes from.

The sources, first one wins: flags, the environment, the files that configuration files name, the
keyring of the operating system. A secret is never an argument of a program we start, nor part of
an error.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from mesos_batch.config.file_url import file_of
from mesos_batch.config.secret import Secret
from mesos_batch.errors import UsageError

VISIBLE = (
    "--{name} can be read by everybody in the process list; --{name}_file, {variable} "
    "and 'mesos-batch credentials set' keep it out of there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What one source offers: at most one of these should be there."""

    secret: Secret | None = None
    secret_file: Path | None = None
    token: Secret | None = None
    token_file: Path | None = None

    def names(self) -> list[str]:
        """Which it offers."""
        return [item.name for item in fields(self) if getattr(self, item.name) is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What flags, environment and configuration files say about who we are."""

    principal: str | None = None
    flags: Offered = Offered()
    environment: Offered = Offered()
    files: Offered = Offered()


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a master, and what the user should know about where that came from."""

    principal: str | None = None
    secret: Secret | None = None
    warnings: tuple[str, ...] = ()
    token: Secret | None = None


def find_credentials(given: Given, keyring_master: str | None) -> Credentials:
    """Find the secret of the principal, or a token.

    ``keyring_master`` is the master whose secret the keyring may be asked for, ``None`` to leave
    the keyring alone. Without a secret a principal is still a name the master may trust.

    Raises:
        UsageError: the sources contradict each other, a file cannot be read, or Mesos could
            never accept the principal or the secret.
    """
    both = given.flags.names()
    if len(both) > 1:
        raise UsageError(f"--{both[0]} and --{both[1]} are both given", "Give one of them.")
    found = (
        _from_flags(given)
        or _from_source(given.environment, given.principal, _VARIABLES, "the environment")
        or _from_source(given.files, given.principal, _KEYS, "a configuration file")
        or Credentials(given.principal)
    )
    if keyring_master is not None and found.secret is None and found.token is None:
        found = _from_keyring(found, keyring_master)
    refuse_colons(found)
    return found


_VARIABLES = {
    name: f"MESOS_BATCH_{name.upper()}" for name in ("secret_file", "token_file", "secret", "token")
}
_KEYS = {name: name for name in _VARIABLES}


def _from_flags(given: Given) -> Credentials | None:
    offered, principal = given.flags, given.principal
    if not offered.names():
        return None
    (name,) = offered.names()
    warnings: tuple[str, ...] = ()
    if name in ("secret", "token"):
        text = (offered.secret or offered.token or Secret("")).reveal()
        if text.startswith("file://"):
            path = file_of(text)
            offered = Offered(secret_file=path) if name == "secret" else Offered(token_file=path)
        else:
            warnings = (VISIBLE.format(name=name, variable=_VARIABLES[name]),)
    found = _read(offered, principal, {"secret_file": f"--{name}", "token_file": f"--{name}"})
    if found.token is None and found.principal is None:
        raise UsageError("a secret is given but no principal", "Add --principal=NAME.")
    return replace(found, warnings=(*found.warnings, *warnings))


def _from_source(
    offered: Offered, principal: str | None, names: Mapping[str, str], where: str
) -> Credentials | None:
    if not offered.names():
        return None
    found = _read(offered, principal, names)
    if found.token is None and found.principal is None:
        return Credentials(warnings=(f"{where} has a secret but no principal, so neither is used",))
    return found


def _read(offered: Offered, principal: str | None, names: Mapping[str, str]) -> Credentials:
    """What the first that is there says; a file is called by the name of what named it."""
    if offered.secret is not None:
        return Credentials(principal, offered.secret)
    if offered.secret_file is not None:
        return _from_file(offered.secret_file, names["secret_file"], principal)
    if offered.token is not None:
        return Credentials(principal, token=checked_token(offered.token))
    assert offered.token_file is not None
    text, warnings = _content(offered.token_file, names["token_file"])
    token = checked_token(Secret(text.strip()), f"{names['token_file']}: {offered.token_file}")
    return Credentials(principal, None, warnings, token)


def checked_token(token: Secret, source: str = "the token") -> Secret:
    """A token that can stand in a header.

    Raises:
        UsageError: it cannot.
    """
    text = token.reveal()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(
            f"{source} is no token: one has neither spaces nor line breaks",
            "Give the token alone, without 'token=' or 'Bearer' before it.",
        )
    return token


def _from_keyring(found: Credentials, master: str) -> Credentials:
    from mesos_batch.config import credential_index
    from mesos_batch.config.keyring_entry import Entry

    principal = found.principal
    if principal is None and not credential_index.has_token(None, master):
        # Nobody without a principal should have to unlock a keyring.
        return found
    from mesos_batch.config import keyring_store

    try:
        if principal is not None:
            secret = keyring_store.load(Entry("secret", principal, master))
            if secret is not None:
                return replace(found, secret=secret)
        for owner in dict.fromkeys((principal, None)):
            if credential_index.has_token(owner, master):
                token = keyring_store.load(Entry("token", owner, master))
                return replace(found, token=token)
    except keyring_store.KeyringUnusableError as error:
        return replace(found, warnings=(*found.warnings, f"the keyring could not be read: {error}"))
    return found


def _content(path: Path, source: str) -> tuple[str, tuple[str, ...]]:
    """The text of a file without its last line break, and a warning where others can read it."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read().rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"{source}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"{source}: {path} is not UTF-8 text") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        return text, (f"{path} can be read by others; 'chmod 600 {path}' mends that",)
    return text, ()


def _from_file(path: Path, source: str, principal: str | None) -> Credentials:
    """Read a file with the secret alone, or with Mesos credentials as text or JSON."""
    text, warnings = _content(path, source)
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

"""Secrets and tokens in the keyring of the operating system, one per principal and master.

``keyring`` takes 50 ms to import, so only who needs the keyring imports this module.
"""

from __future__ import annotations

from secrets import token_urlsafe

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError, PasswordDeleteError

from mesos_batch.config.keyring_entry import Entry
from mesos_batch.config.secret import Secret

# These keep secrets in plain text, or in files that this program could open by itself.
_NOT_SAFE = "keyrings.alt."
_NO_KEYRING = ("keyring.backends.null", "keyring.backends.fail")


class KeyringUnusableError(Exception):
    """The keyring exists but does not let us in, or does not exist where one is needed."""


def load(entry: Entry) -> Secret | None:
    """What is kept, ``None`` without it or without a keyring.

    Raises:
        KeyringUnusableError: the keyring is locked or broken.
    """
    backend = _backend()
    if backend is None:
        return None
    try:
        text = backend.get_password(entry.service, entry.name)
    except NoKeyringError:
        return None
    except Exception as error:
        raise KeyringUnusableError(_said(error)) from error
    return None if text is None else Secret(text)


def save(entry: Entry, secret: Secret) -> None:
    """Keep a secret or a token, in place of an earlier one.

    Raises:
        KeyringUnusableError: there is no keyring that keeps secrets, or it does not take this one.
    """
    try:
        _needed().set_password(entry.service, entry.name, secret.reveal())
    except KeyringUnusableError:
        raise
    except Exception as error:  # noqa: BLE001 - a keyring raises what its system does
        raise KeyringUnusableError(_said(error)) from None


def delete(entry: Entry) -> bool:
    """Forget a secret or a token; whether there was one.

    Raises:
        KeyringUnusableError: there is no keyring, or it does not let us in.
    """
    try:
        _needed().delete_password(entry.service, entry.name)
    except PasswordDeleteError:
        return False
    except KeyringUnusableError:
        raise
    except Exception as error:
        raise KeyringUnusableError(_said(error)) from error
    return True


def require() -> None:
    """Find out whether there is a keyring, before anybody is asked for a secret.

    Raises:
        KeyringUnusableError: there is none that keeps secrets.
    """
    _needed()


def try_out() -> str:
    """Keep something, read it and forget it; gives the name of the keyring that could.

    Raises:
        KeyringUnusableError: there is no keyring, or it does not do what it should.
    """
    backend = _needed()
    entry = Entry("secret", "doctor", token_urlsafe(8))
    save(entry, Secret(entry.master))
    try:
        if load(entry) != Secret(entry.master):
            raise KeyringUnusableError("it does not give back what it was given")
    finally:
        delete(entry)
    return str(backend.name)


def _needed() -> KeyringBackend:
    backend = _backend()
    if backend is None:
        raise KeyringUnusableError(_said(NoKeyringError()))
    return backend


def _backend() -> KeyringBackend | None:
    """The keyring to use: of several that are chained, the first that keeps secrets secret."""
    chosen = keyring.get_keyring()
    members = list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]
    for member in members:
        module = type(member).__module__
        if not module.startswith(_NOT_SAFE) and module not in _NO_KEYRING:
            return member
    return None


def _said(error: Exception) -> str:
    if isinstance(error, NoKeyringError):
        return "this machine has none that keeps secrets from others"
    if isinstance(error, KeyringLocked):
        return "it is locked, and was not unlocked"
    if isinstance(error, KeyringError) and str(error):
        return str(error).rstrip(".")
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

"""Secrets in the keyring of the operating system, one per principal and master.

``keyring`` takes 50 ms to import, so only who needs the keyring imports this module.
"""

from __future__ import annotations

import keyring
from keyring.errors import KeyringError, NoKeyringError, PasswordDeleteError

from mesos_batch.config.secrets import Secret

SERVICE = "mesos-batch"


class KeyringUnusableError(Exception):
    """The keyring exists but does not let us in, or does not exist where one is needed."""


def entry_name(principal: str, master: str) -> str:
    """Under which name a secret is kept: ``principal@master``."""
    return f"{principal}@{master}"


def load(principal: str, master: str) -> Secret | None:
    """The secret kept for the principal, ``None`` without one or without a keyring.

    Raises:
        KeyringUnusableError: the keyring is locked or broken.
    """
    try:
        text = keyring.get_password(SERVICE, entry_name(principal, master))
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise KeyringUnusableError(_said(error)) from error
    return None if text is None else Secret(text)


def save(principal: str, master: str, secret: Secret) -> None:
    """Keep a secret, in place of an earlier one.

    Raises:
        KeyringUnusableError: there is no keyring, or it does not take the secret.
    """
    try:
        keyring.set_password(SERVICE, entry_name(principal, master), secret.reveal())
    except KeyringError as error:
        raise KeyringUnusableError(_said(error)) from None


def delete(principal: str, master: str) -> bool:
    """Forget a secret; whether there was one.

    Raises:
        KeyringUnusableError: there is no keyring, or it does not let us in.
    """
    try:
        keyring.delete_password(SERVICE, entry_name(principal, master))
    except PasswordDeleteError:
        return False
    except KeyringError as error:
        raise KeyringUnusableError(_said(error)) from error
    return True


def _said(error: KeyringError) -> str:
    if isinstance(error, NoKeyringError):
        return "this machine has no keyring"
    return str(error) or type(error).__name__

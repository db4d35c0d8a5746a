"""The settings of how we come to a cluster: profile, credentials, certificates. Declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mesos_batch.config.secret import Secret
from mesos_batch.config.setting import PATH, SECRET_TEXT, STRING, Group, Setting, choice

PROFILE: Setting[str | None] = Setting(
    name="profile",
    kind=STRING,
    default=None,
    shown_default="that of 'mesos-batch profile use'",
    group=Group.BATCH,
    help="Take what no flag says from this profile ('mesos-batch profile add').",
)
PRINCIPAL: Setting[str | None] = Setting(
    name="principal",
    kind=STRING,
    default=None,
    group=Group.AUTHENTICATION,
    help="The principal to authenticate as, also the one of reservations.",
)
SECRET: Setting[Secret | None] = Setting(
    name="secret",
    kind=SECRET_TEXT,
    default=None,
    group=Group.AUTHENTICATION,
    help="The secret of the principal. Everybody on this machine can read it in the process "
    "list: prefer --secret_file, MESOS_BATCH_SECRET or 'mesos-batch credentials set'.",
)
SECRET_FILE: Setting[Path | None] = Setting(
    name="secret_file",
    kind=PATH,
    default=None,
    group=Group.AUTHENTICATION,
    help="A file with the secret alone, or with Mesos credentials (text or JSON).",
)
TOKEN: Setting[Secret | None] = Setting(
    name="token",
    kind=SECRET_TEXT,
    default=None,
    group=Group.AUTHENTICATION,
    help="A token to show instead of principal and secret. Everybody on this machine can read it "
    "in the process list: prefer --token_file, MESOS_BATCH_TOKEN or 'mesos-batch credentials set "
    "--token'.",
)
TOKEN_FILE: Setting[Path | None] = Setting(
    name="token_file",
    kind=PATH,
    default=None,
    group=Group.AUTHENTICATION,
    help="A file with the token alone.",
)
AUTH_SCHEME: Setting[str] = Setting(
    name="auth_scheme",
    kind=choice("token", "bearer"),
    default="token",
    group=Group.AUTHENTICATION,
    help="How a token is sent: 'Authorization: token=...' as DC/OS wants it, or 'Authorization: "
    "Bearer ...' as the standard has it.",
)
CACERT: Setting[Path | None] = Setting(
    name="cacert",
    kind=PATH,
    default=None,
    shown_default="those the system trusts",
    group=Group.AUTHENTICATION,
    help="Over https, trust the certificate authorities in this file (PEM) and no others.",
)
CLIENT_CERT: Setting[Path | None] = Setting(
    name="client_cert",
    kind=PATH,
    default=None,
    group=Group.AUTHENTICATION,
    help="Over https, show this certificate (PEM) to who asks for one.",
)
CLIENT_KEY: Setting[Path | None] = Setting(
    name="client_key",
    kind=PATH,
    default=None,
    shown_default="in the file of --client_cert",
    group=Group.AUTHENTICATION,
    help="The key of the client certificate (PEM, without a passphrase).",
)

TOKENS: tuple[Setting[Any], ...] = (TOKEN, TOKEN_FILE)
# What a run keeps of it.
HOW: tuple[Setting[Any], ...] = (AUTH_SCHEME, CACERT, CLIENT_CERT, CLIENT_KEY)
# Wherever a command speaks to a master.
WHO: tuple[Setting[Any], ...] = (PROFILE, PRINCIPAL, SECRET, SECRET_FILE, *TOKENS, *HOW)

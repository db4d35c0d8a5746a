"""Which addresses of masters are accepted, and in which form they are passed on."""

from __future__ import annotations

import re
from typing import Self

from mesos_batch.config.secret import Secret

LOCAL = "local"
ZOOKEEPER = "zk://"
FORMS = (
    "local, HOST:PORT, http(s)://HOST:PORT or several of these with commas between them, or"
    " zk://HOST:PORT,.../PATH"
)

_HOST = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::(?P<port>[0-9]+))?"
_SERVER = re.compile(_HOST)
_ADDRESS = re.compile(rf"(?P<scheme>https?://)?{_HOST}(?P<prefix>/[^\s?#]*)?")
_PATH = re.compile(r"(?:/[^\s/]+)+")
_ZOOKEEPER_PORT = 2181


class MasterAddress(str):
    """Where the master is, in one form for each address, so that equal addresses compare equal.

    It is a plain text that anybody may show, compare and keep: user and password of a ``zk://``
    address are not part of it but ride along in ``zk_login``.
    """

    __slots__ = ("zk_login",)
    zk_login: Secret | None

    def __new__(cls, text: str, zk_login: Secret | None = None) -> Self:
        """An address that :func:`parse_master` has checked."""
        address = super().__new__(cls, text)
        address.zk_login = zk_login
        return address


def parse_master(text: str) -> MasterAddress:
    """Check the address of a master, or of several of which one leads.

    ``master@HOST:PORT``, the form Mesos prints for a pid, is taken as ``HOST:PORT``.

    Raises:
        ValueError: it has another form; the message says which are accepted, and repeats
            nothing that could be a password.
    """
    if isinstance(text, MasterAddress):
        return text
    if text.startswith(ZOOKEEPER):
        return _parse_zookeeper(text)
    if text == LOCAL:
        return MasterAddress(text)
    addresses = [address.strip().removeprefix("master@") for address in text.split(",")]
    if any("@" in address for address in addresses):
        raise ValueError(f"credentials do not belong into the address; write {FORMS}")
    parsed = dict.fromkeys(_parse_address(address) for address in addresses)
    return MasterAddress(",".join(parsed))


def _parse_address(text: str) -> str:
    if text == LOCAL or text.startswith(ZOOKEEPER):
        raise ValueError(f"'{text}' stands alone, not in a list of masters")
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not the address of a master; write {FORMS}")
    scheme, host, port = match.group("scheme", "host", "port")
    prefix = (match["prefix"] or "").rstrip("/")
    if scheme is None and prefix:
        raise ValueError(f"'{text}' has a path but no scheme; did you mean http://{text}?")
    if scheme is None and port is None:
        raise ValueError(f"'{text}' has no port; did you mean {host}:5050?")
    _check_port(text, port)
    address = host.lower() if port is None else f"{host.lower()}:{int(port)}"
    return f"{scheme or ''}{address}{prefix}"


def _parse_zookeeper(text: str) -> MasterAddress:
    authority, slash, path = text.removeprefix(ZOOKEEPER).partition("/")
    if "@" in path:
        raise ValueError(
            "user and password of a zk:// address cannot contain '/', nor its path '@'"
        )
    credentials, at, servers = authority.rpartition("@")
    if at and not all(credentials.partition(":")):
        raise ValueError("write the credentials of a zk:// address as zk://USER:PASSWORD@HOST:PORT")
    parsed = ",".join(dict.fromkeys(_parse_server(server.strip()) for server in servers.split(",")))
    path = slash + path.rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError(
            f"'{ZOOKEEPER}{servers}{path}' does not say at which path the masters register;"
            f" did you mean {ZOOKEEPER}{servers}/mesos?"
        )
    return MasterAddress(f"{ZOOKEEPER}{parsed}{path}", Secret(credentials) if at else None)


def _parse_server(text: str) -> str:
    match = _SERVER.fullmatch(text)
    if match is None:
        # Not repeated: with the host forgotten, what stands here is user and password.
        raise ValueError("the servers of a zk:// address are written HOST:PORT,HOST:PORT,...")
    _check_port(text, match["port"])
    return f"{match['host'].lower()}:{int(match['port'] or _ZOOKEEPER_PORT)}"


def _check_port(text: str, port: str | None) -> None:
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"'{text}' has the port {port}, which does not exist")

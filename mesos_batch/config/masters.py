"""Which addresses of a master are accepted, and in which form they are passed on."""

from __future__ import annotations

import re

LOCAL = "local"
FORMS = "local, HOST:PORT, http://HOST:PORT or https://HOST:PORT"

_ADDRESS = re.compile(
    r"(?P<scheme>https?://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::(?P<port>[0-9]+))?/?"
)


def parse_master(text: str) -> str:
    """Check the address of a master and give it as ``local``, ``HOST:PORT`` or a URL.

    ``master@HOST:PORT``, the form Mesos prints for a pid, is taken as ``HOST:PORT``.

    Raises:
        ValueError: it has another form; the message says which are accepted.
    """
    if text == LOCAL:
        return text
    if text.startswith("zk://"):
        raise ValueError(f"ZooKeeper addresses are not accepted; write {FORMS}")
    text = text.removeprefix("master@")
    if "@" in text:
        # Not repeated in the message: what stands before the @ is likely a password.
        raise ValueError(f"credentials do not belong into the address; write {FORMS}")
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not the address of a master; write {FORMS}")
    scheme, host, port = match.group("scheme", "host", "port")
    if port is None and scheme is None:
        raise ValueError(f"'{text}' has no port; did you mean {host}:5050?")
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"'{text}' has the port {port}, which does not exist")
    address = host.lower() if port is None else f"{host.lower()}:{port}"
    return f"{scheme or ''}{address}"

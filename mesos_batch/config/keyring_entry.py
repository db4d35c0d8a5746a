"""What the keyring keeps for us, by name; the secret itself is not part of it."""

from __future__ import annotations

from dataclasses import dataclass

_SERVICES = {"secret": "mesos-batch", "token": "mesos-batch token"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A ``secret`` or a ``token``, whose it is, and for which master."""

    kind: str
    principal: str | None
    master: str

    @property
    def service(self) -> str:
        """The service the keyring knows it by."""
        return _SERVICES[self.kind]

    @property
    def name(self) -> str:
        """The name the keyring knows it by: ``principal@master``."""
        return f"{self.principal or ''}@{self.master}"

    @property
    def told(self) -> str:
        """What it is called in a sentence: ``the secret of alice at HOST:PORT``."""
        whose = f" of {self.principal}" if self.principal is not None else ""
        return f"the {self.kind}{whose} at {self.master}"

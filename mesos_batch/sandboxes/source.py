"""Where the files of a sandbox are read: on this disk, or from its agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from stat import filemode
from typing import TYPE_CHECKING, Protocol

from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import SandboxError, SandboxGoneError
from mesos_batch.model.sandbox import Sandbox, SandboxFile
from mesos_batch.protocol.files import MAX_READ, place_of

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.transport.sandbox import AgentFiles

_CHUNK = 1 << 20
_MOST_CONNECTIONS = 16


class Source(Protocol):
    """The files of one sandbox. Paths are relative to it, with slashes; all may raise SandboxError.

    A file that is not there raises SandboxGoneError, an agent that does not answer
    AgentAwayError.
    """

    def browse(self, path: str) -> tuple[SandboxFile, ...]:
        """What a directory holds, by name."""

    def size(self, path: str) -> int:
        """How many bytes a file has."""

    def read(self, path: str, offset: int) -> bytes:
        """What follows in a file, at most 64 KiB; nothing at its end."""

    def download(self, path: str) -> Iterator[bytes]:
        """A whole file, piece by piece."""


class DiskSource:
    """A directory of this machine; ``suffix`` is what copies of files have behind their names."""

    def __init__(self, root: Path, suffix: str = "") -> None:
        self._root = root
        self._suffix = suffix

    def browse(self, path: str) -> tuple[SandboxFile, ...]:
        """What a directory holds, by name."""
        try:
            entries = sorted(self._place(path).iterdir())
        except OSError as error:
            raise _failure(path, error) from None
        # As agents do: what a link leads to, and nothing of one that leads nowhere.
        return tuple(_file_at(entry) for entry in entries if entry.exists())

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        try:
            return self._place(path).stat().st_size
        except OSError as error:
            raise _failure(path, error) from None

    def read(self, path: str, offset: int) -> bytes:
        """What follows in a file."""
        try:
            with self._place(path).open("rb") as file:
                file.seek(offset)
                return file.read(MAX_READ)
        except OSError as error:
            raise _failure(path, error) from None

    def download(self, path: str) -> Iterator[bytes]:
        """A whole file, piece by piece."""
        try:
            with self._place(path).open("rb") as file:
                while data := file.read(_CHUNK):
                    yield data
        except OSError as error:
            raise _failure(path, error) from None

    def _place(self, path: str) -> Path:
        root = self._root.resolve()
        place = (root / (path.strip("/") + self._suffix)).resolve()
        if not place.is_relative_to(root):
            raise SandboxError(f"'{path}' leads out of the sandbox")
        return place


class AgentSource:
    """A sandbox as its agent shows it."""

    def __init__(self, agent: AgentFiles, root: str) -> None:
        self._agent = agent
        self._root = root

    def browse(self, path: str) -> tuple[SandboxFile, ...]:
        """What a directory holds, by name."""
        return self._agent.browse(self._place(path))

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        return self._agent.size(self._place(path))

    def read(self, path: str, offset: int) -> bytes:
        """What follows in a file."""
        return self._agent.read(self._place(path), offset)

    def download(self, path: str) -> Iterator[bytes]:
        """A whole file, piece by piece."""
        return self._agent.download(self._place(path))

    def _place(self, path: str) -> str:
        return f"{self._root}/{path.strip('/')}".rstrip("/")


class Sources:
    """Opens sandboxes for one thread, and keeps the connections to agents for the next ones.

    ``patience`` is how long an agent may take to be connected and to answer, in seconds.
    """

    def __init__(self, options: RunOptions, patience: tuple[float, float] | None = None) -> None:
        self._is_local = options.master == LOCAL
        self._is_over_tls = "https://" in options.master
        self._options = options
        self._patience = patience
        self._agents: dict[str, AgentFiles] = {}

    def open(self, sandbox: Sandbox) -> Source:
        """The files of a sandbox.

        Raises:
            SandboxGoneError: it is known not to be there.
            SandboxError: its address is none.
        """
        if sandbox.path is not None and Path(sandbox.path).is_dir():
            return DiskSource(Path(sandbox.path))
        if sandbox.url is None or self._is_local:
            where = f": {sandbox.path} was removed" if sandbox.path else ""
            raise SandboxGoneError(f"the sandbox of task {sandbox.task_id} is gone{where}")
        try:
            address, root = place_of(sandbox.url)
        except ValueError as error:
            raise SandboxError(str(error)) from None
        return AgentSource(self.agent(address), root)

    def agent(self, address: str) -> AgentFiles:
        """The agent that answers at an address."""
        agent = self._agents.pop(address, None)
        if agent is None:
            from mesos_batch.asking import login_of
            from mesos_batch.transport.sandbox import AgentFiles

            if len(self._agents) == _MOST_CONNECTIONS:
                self._agents.pop(next(iter(self._agents))).close()
            more = () if self._patience is None else (self._patience,)
            agent = AgentFiles(
                address, login_of(self._options), *more, beside_tls=self._is_over_tls
            )
        self._agents[address] = agent
        return agent

    def close(self) -> None:
        """Close all connections."""
        for agent in self._agents.values():
            agent.close()
        self._agents.clear()


def _file_at(path: Path) -> SandboxFile:
    details = path.stat()
    return SandboxFile(
        name=path.name,
        size=details.st_size,
        mtime=details.st_mtime,
        mode=filemode(details.st_mode),
        uid=_user_name(details.st_uid),
        gid=str(details.st_gid),
        nlink=details.st_nlink,
    )


def _failure(path: str, error: OSError) -> SandboxError:
    if isinstance(error, FileNotFoundError):
        return SandboxGoneError(f"there is no '{path or '.'}' in the sandbox")
    return SandboxError(f"'{path or '.'}' cannot be read: {error.strerror or error}")


def _user_name(uid: int) -> str:
    try:
        import pwd
    except ImportError:
        return str(uid)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

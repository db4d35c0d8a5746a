"""Sandbox files by virtual path: what an agent's ``/files`` endpoints show.

Source: ``src/files/files.cpp``.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from mesos_batch.local.agent.sandbox import LATEST

# Sixteen pages.
MAX_READ = 65536


class FilesError(Exception):
    """A path cannot be served; ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file as a listing shows it; ``path`` is virtual, ``mtime`` whole seconds."""

    path: str
    nlink: int
    size: int
    mtime: int
    mode: int
    uid: str
    gid: str

    @property
    def mode_text(self) -> str:
        """The mode as ``ls`` writes it."""
        return stat.filemode(self.mode)


class Files:
    """Attached directories by virtual path; nothing outside of them is ever shown."""

    def __init__(self) -> None:
        self._attached: dict[str, Path] = {}

    def attach(self, directory: Path, virtual: str) -> None:
        """Serve a directory under a virtual path; a later one replaces it."""
        self._attached[_clean(virtual)] = directory

    def attach_sandbox(self, directory: Path, short: str) -> None:
        """Serve a run of an executor under its three names."""
        for virtual in (str(directory), str(directory.parent / LATEST), short):
            self.attach(directory, virtual)

    def mapping(self) -> dict[str, str]:
        """Virtual to real paths."""
        return {virtual: str(real) for virtual, real in self._attached.items()}

    def resolve(self, virtual: str) -> Path:
        """The real path of a virtual one. Blocks.

        Raises:
            FilesError: 404 when there is nothing, 400 when it leads outside.
        """
        prefix, suffix = _clean(virtual), ""
        while prefix not in self._attached:
            prefix, slash, last = prefix.rpartition("/")
            if not slash:
                raise FilesError(404)
            suffix = f"{last}/{suffix}"
        try:
            root = self._attached[prefix].resolve(strict=True)
            path = (root / suffix).resolve(strict=True)
        except (OSError, RuntimeError):
            raise FilesError(404) from None
        if not path.is_relative_to(root):
            raise FilesError(400, f"'{root / suffix}' is inaccessible.\n")
        return path

    def browse(self, virtual: str) -> list[FileInfo]:
        """What a directory holds, sorted by path. Blocks.

        Raises:
            FilesError: the path cannot be served.
        """
        directory = self.resolve(virtual)
        if not directory.is_dir():
            return []
        listing = []
        for entry in sorted(directory.iterdir()):
            try:
                details = entry.stat()
            except OSError:
                continue
            listing.append(_file_info(f"{virtual.rstrip('/')}/{entry.name}", details))
        return listing

    def read(self, virtual: str, offset: int, length: int | None) -> tuple[int, bytes]:
        """The size of a file and up to 64 KiB of it. Blocks.

        Raises:
            FilesError: the path cannot be served or is a directory.
        """
        path = self.file(virtual, "Cannot read a directory.\n")
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                if offset >= size:
                    return size, b""
                file.seek(offset)
                return size, file.read(min(MAX_READ if length is None else length, MAX_READ))
        except OSError as error:
            reason = error.strerror or str(error)
            raise FilesError(500, f"Failed to open file at '{path}': {reason}.\n") from None

    def file(self, virtual: str, refusal: str) -> Path:
        """The real path of a file. Blocks.

        Raises:
            FilesError: the path cannot be served or is a directory (400 with ``refusal``).
        """
        path = self.resolve(virtual)
        if path.is_dir():
            raise FilesError(400, refusal)
        return path


def _clean(virtual: str) -> str:
    if sys.platform == "win32":
        virtual = virtual.replace("\\", "/")
    return virtual.rstrip("/")


def _file_info(virtual: str, details: os.stat_result) -> FileInfo:
    return FileInfo(
        path=virtual,
        nlink=details.st_nlink,
        size=details.st_size,
        mtime=int(details.st_mtime),
        mode=details.st_mode,
        uid=_user_name(details.st_uid),
        gid=_group_name(details.st_gid),
    )


def _user_name(uid: int) -> str:
    if sys.platform == "win32":
        return str(uid)
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    if sys.platform == "win32":
        return str(gid)
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

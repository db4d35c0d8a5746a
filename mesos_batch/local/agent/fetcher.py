"""Bringing a command's URIs into its sandbox.

Absolute paths, ``file://``, ``http://`` and ``https://``; archives are extracted beside the
downloaded file, never outside the sandbox. There is no cache: ``cache`` changes nothing a task
could see. Source: ``src/launcher/fetcher.cpp``, ``docs/fetcher.md``.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

import aiohttp

if sys.version_info >= (3, 12):
    import tarfile
else:
    # Python 3.11.2, which is Debian 12's, has no extraction filters.
    from backports import tarfile

from mesos_batch.local.agent.process import Account
from mesos_batch.local.agent.sandbox import LaunchError, append_line, give_to

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

STALL_TIMEOUT = 60.0
_CHUNK = 1 << 20
_TAR = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")
_EXECUTABLE = 0o755


class FetchError(Exception):
    """One URI cannot be fetched; the text names the reason."""


async def fetch(
    uris: Iterable[pb.CommandInfo.URI],
    directory: Path,
    container_id: str,
    account: Account | None = None,
) -> None:
    """Fetch all URIs into a sandbox; a failure is explained in its ``stderr``.

    Raises:
        LaunchError: one of them cannot be fetched.
    """
    for uri in uris:
        try:
            await _fetch_one(uri, directory)
        except FetchError as error:
            line = f"Failed to fetch '{_without_password(uri.value)}': {error}"
            await asyncio.to_thread(append_line, directory / "stderr", line)
            raise LaunchError(
                f"Failed to fetch all URIs for container '{container_id}': exited with status 1"
            ) from None
    if account is not None:
        await asyncio.to_thread(_give_all_to, directory, account)


async def _fetch_one(uri: pb.CommandInfo.URI, directory: Path) -> None:
    target = directory / _target_name(uri)
    try:
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        if urlsplit(uri.value).scheme in ("http", "https"):
            await _download(uri.value, target)
        else:
            await asyncio.to_thread(shutil.copy, _local_path(uri.value), target)
        if uri.executable:
            await asyncio.to_thread(target.chmod, _EXECUTABLE)
        elif uri.extract:
            await asyncio.to_thread(_extract, target, directory)
    except OSError as error:
        raise FetchError(error.strerror or str(error)) from None


def _target_name(uri: pb.CommandInfo.URI) -> PurePosixPath:
    if uri.output_file:
        name = PurePosixPath(uri.output_file.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or PureWindowsPath(uri.output_file).drive:
            raise FetchError(f"output_file '{uri.output_file}' is outside the sandbox")
        return name
    path = uri.value
    if urlsplit(path).scheme in ("http", "https"):
        path = unquote(urlsplit(path).path)
    name = PurePosixPath(path.replace("\\", "/").rsplit("/", 1)[-1])
    if name.name in ("", ".."):
        raise FetchError("it names no file; set output_file")
    return name


def _local_path(value: str) -> Path:
    if value.startswith("file://"):
        value = value.removeprefix("file://").removeprefix("localhost")
        if sys.platform == "win32":
            value = value.lstrip("/")
    elif "://" in value:
        scheme = value.split("://", 1)[0]
        raise FetchError(f"the local cluster fetches files and http(s), not {scheme}")
    path = Path(value)
    if not path.is_absolute():
        raise FetchError("a relative path has no meaning on an agent; write an absolute one")
    return path


async def _download(url: str, target: Path) -> None:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=STALL_TIMEOUT, sock_read=STALL_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url) as response,
        ):
            if response.status != 200:
                raise FetchError(f"the server answered {response.status} {response.reason}")
            await asyncio.to_thread(target.write_bytes, b"")
            async for chunk in response.content.iter_chunked(_CHUNK):
                await asyncio.to_thread(_append, target, chunk)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise FetchError(str(error) or type(error).__name__) from None


def _append(target: Path, chunk: bytes) -> None:
    # No file stays open between chunks: a kill may end the download at any of them.
    with target.open("ab") as file:
        file.write(chunk)


def _extract(archive: Path, directory: Path) -> None:
    name = archive.name.lower()
    try:
        if name.endswith(_TAR):
            with tarfile.open(archive) as tar:
                # The filter refuses members outside, absolute links and devices.
                tar.extractall(directory, filter="data")
        elif name.endswith(".zip"):
            with zipfile.ZipFile(archive) as zipped:
                _extract_zip(zipped, directory)
        elif name.endswith(".gz"):
            with gzip.open(archive) as packed, archive.with_suffix("").open("wb") as plain:
                shutil.copyfileobj(packed, plain)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise FetchError(f"it cannot be extracted: {error}") from None


def _extract_zip(zipped: zipfile.ZipFile, directory: Path) -> None:
    for member in zipped.infolist():
        # ZipFile.extract takes drives, leading slashes and '..' out of names.
        made = Path(zipped.extract(member, directory))
        mode = (member.external_attr >> 16) & 0o777
        if mode and not member.is_dir():
            made.chmod(mode)


def _give_all_to(directory: Path, account: Account) -> None:
    for folder, _, files in os.walk(directory):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            give_to(path, account)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]))

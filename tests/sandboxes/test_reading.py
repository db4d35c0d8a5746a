"""Bytes to lines, and the last lines of a file, whatever its length and the pieces it comes in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.errors import SandboxError, SandboxGoneError
from mesos_batch.model.sandbox import SandboxFile
from mesos_batch.sandboxes import reading
from mesos_batch.sandboxes.cutting import LONGEST_LINE, LineCutter
from mesos_batch.sandboxes.reading import last_own_lines, pieces, start_of_last
from mesos_batch.sandboxes.source import DiskSource

TEXTS = st.lists(st.sampled_from([b"a", b"\n", b"\xff", "ü".encode()]), max_size=60).map(b"".join)


class OneFile:
    """A source that gives no more than some bytes at once, as agents do."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most

    def browse(self, path: str) -> tuple[SandboxFile, ...]:
        raise NotImplementedError

    def size(self, path: str) -> int:
        return len(self._data)

    def read(self, path: str, offset: int) -> bytes:
        return self._data[offset : offset + self._most]

    def download(self, path: str) -> Iterator[bytes]:
        raise NotImplementedError


@given(st.lists(TEXTS))
def test_lines_are_the_same_whatever_the_pieces(parts: list[bytes]) -> None:
    cutter = LineCutter()
    lines = [line for part in parts for line in cutter.feed(part)] + cutter.rest()
    expected = b"".join(parts).split(b"\n")

    assert lines == (expected if expected[-1] else expected[:-1])


def test_a_file_without_line_ends_is_not_kept_in_memory() -> None:
    cutter = LineCutter()
    got = b""
    for _ in range(20):
        for line in cutter.feed(b"\0" * 50_000):
            assert len(line) <= LONGEST_LINE
            got += line
    got += b"".join(cutter.rest())

    assert got == b"\0" * 1_000_000


@given(TEXTS, st.integers(0, 8), st.integers(1, 9))
def test_the_last_lines_begin_where_they_do(data: bytes, lines: int, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "MAX_READ", most)
        source = OneFile(data, most)
        start = start_of_last(source, "stdout", lines)
        read = b"".join(pieces(source, "stdout", start))

    whole = data.splitlines(keepends=True)
    assert read == (b"".join(whole[-lines:]) if lines else b"")


def test_of_long_lines_only_the_end_is_read() -> None:
    source = OneFile(b"x" * 200_000 + b"\nlast\n", 65536)

    lines = last_own_lines(source, "stdout", 2)

    assert lines[-1] == b"last"
    assert sum(map(len, lines)) <= 65536


def test_a_big_file_is_never_much_of_it_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("wb") as file:
        file.truncate(50_000_000)
    source, cutter = DiskSource(tmp_path), LineCutter()
    tracemalloc.start()
    read = sum(len(line) for piece in pieces(source, "stdout") for line in cutter.feed(piece))
    start_of_last(source, "stdout", 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read + sum(map(len, cutter.rest())) == 50_000_000
    assert peak < 2_000_000


def test_nothing_outside_of_a_sandbox_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    (sandbox / "link").symlink_to(tmp_path / "secret")
    source = DiskSource(sandbox)

    for path in ("../secret", "link"):
        with pytest.raises(SandboxError, match="leads out of the sandbox"):
            source.read(path, 0)
    with pytest.raises(SandboxGoneError):
        source.read("nothing", 0)

"""What the command executor of a real Mesos writes among the lines of a task is told from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mesos_batch.sandboxes.executor_lines import ExecutorLines
from mesos_batch.sandboxes.reading import last_own_lines, start_of_last, start_of_last_own
from mesos_batch.sandboxes.source import DiskSource

RECORDINGS = Path(__file__).parent.parent / "recordings" / "stderr"
ENDED = b"I1128 19:22:57.249115 21708 executor.cpp:1041] Command exited with status 3 (pid: 21711)"


def own(name: str) -> list[bytes]:
    return ExecutorLines().without((RECORDINGS / name).read_bytes().splitlines())


def test_lines_of_the_task_and_warnings_are_left() -> None:
    warning, *rest = own("failed")

    assert warning.startswith(b"W1128 19:22:56.557173 21666 fetcher.cpp:394] Copying instead of")
    # The last line of the task had no end.
    assert rest == [b"no band B10", b"giving up" + ENDED]


def test_the_processes_that_were_killed_are_told_by_the_executor() -> None:
    assert own("killed") == []


def test_several_standard_errors_are_told_apart() -> None:
    lines = ExecutorLines()
    head = b"I1128 19:19:51.885067 16329 executor.cpp:969] Sent SIGTERM to the following process"

    assert lines.without([head + b" trees:", b"[ "], "a") == []
    assert lines.without([b"[ "], "b") == [b"[ "]
    assert lines.without([b"-+- 7 sh", b"]", b"]"], "a") == [b"]"]


@pytest.mark.parametrize(
    "line",
    [
        b"I1128 19:22:57.249115 21708 process.cpp:35] pixels 7",
        b"E1128 19:22:57.249115 21708 executor.cpp:35] no sandbox",
        b"executor.cpp:740] Forked command at 14134",
        b"]",
    ],
)
def test_what_a_task_may_have_written_is_its_own(line: bytes) -> None:
    assert ExecutorLines().without([line]) == [line]


def test_the_last_lines_are_those_of_the_task() -> None:
    source = DiskSource(RECORDINGS)

    assert last_own_lines(source, "failed", 2) == [b"no band B10", b"giving up" + ENDED]
    assert last_own_lines(source, "failed", 9) == own("failed")
    assert last_own_lines(source, "killed", 2) == []


@pytest.mark.parametrize("lines", [0, 1, 2, 7, 500])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_where_no_executor_writes_the_last_lines_begin_where_they_do(
    tmp_path: Path, lines: int, end: bytes
) -> None:
    text = b"\n".join(b"%d" % number * (number % 7) for number in range(300)) + end
    (tmp_path / "stderr").write_bytes(text)
    starts: tuple[Callable[..., int], ...] = (start_of_last, start_of_last_own)

    first, second = (start(DiskSource(tmp_path), "stderr", lines) for start in starts)
    assert first == second

"""What tasks write, so that it can be told who wrote it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto

from mesos_batch.sandboxes import STDERR, STDOUT, ExecutorLines, LineCutter
from mesos_batch_cli.output.as_json import json_line
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import one_line, shortened, terminal_line

LONGEST_LABEL = 40
# What stands between the task and its line: who reads fast sees what was written to stderr.
_SIGNS = {STDOUT: "|", STDERR: "!"}


def terminal_text(pieces: Iterable[bytes], *, colored: bool) -> Iterator[str]:
    """What was written, as a terminal may have it: whole lines, whose only power are colours."""
    cutter = LineCutter()
    for piece in pieces:
        yield _on_terminal(cutter.feed(piece), colored=colored)
    yield _on_terminal(cutter.rest(), colored=colored)


def _on_terminal(lines: Iterable[bytes], *, colored: bool, label: str = "") -> str:
    texts = (terminal_line(line.decode(errors="replace"), colored=colored) for line in lines)
    return "".join(f"{label}{text}\n" for text in texts)


class Labels(Enum):
    """What is told of each line: what there are several of."""

    NONE = auto()
    STREAM = auto()
    TASK = auto()


class LogLines:
    """Lines with labels in a column, ``task | line`` or ``task ! line`` for standard error.

    On a terminal a line has colours, if it brings them, and no other power; elsewhere it is byte
    for byte what was written. Only lines that ``pattern`` is found in are ``matched`` and shown.
    Those of executors in the standard error of their tasks are shown if the ``whole`` is wanted.
    """

    def __init__(
        self,
        paint: Paint,
        labels: Labels,
        names: Iterable[str],
        *,
        on_terminal: bool,
        pattern: re.Pattern[str] | None = None,
        whole: bool = False,
    ) -> None:
        self._paint = paint
        self._labels = labels
        self._on_terminal = on_terminal
        self._pattern = pattern
        self._of_executors = None if whole else ExecutorLines()
        if labels is Labels.STREAM:
            names = _SIGNS
        self._width = min(max(map(len, names), default=0), LONGEST_LABEL)
        self.matched = 0
        self.left_out = 0

    @property
    def is_plain(self) -> bool:
        """Whether what is written can be passed on as it is."""
        return self._labels is Labels.NONE and not self._on_terminal and self._pattern is None

    @property
    def is_whole(self) -> bool:
        """Whether lines of executors are shown too."""
        return self._of_executors is None

    @property
    def has_pattern(self) -> bool:
        """Whether only some lines are wanted."""
        return self._pattern is not None

    def text(self, task_id: str, stream: str, lines: Sequence[bytes]) -> str:
        """The lines that are to be shown, each with its end."""
        shown = self._own(task_id, stream, lines)
        if self._pattern:
            shown = [line for line in shown if self._is_wanted(line)]
        self.matched += len(shown)
        return self._written(task_id, stream, shown) if shown else ""

    def _written(self, task_id: str, stream: str, shown: Sequence[bytes]) -> str:
        label = self._label(task_id, stream)
        if self._on_terminal:
            return _on_terminal(shown, colored=self._paint.enabled, label=label)
        joined = b"\n".join(shown).decode(errors="surrogateescape")
        return label + joined.replace("\n", f"\n{label}") + "\n"

    def _own(self, task_id: str, stream: str, lines: Sequence[bytes]) -> Sequence[bytes]:
        if self._of_executors is None or stream != STDERR:
            return lines
        own = self._of_executors.without(lines, task_id)
        self.left_out += len(lines) - len(own)
        return own

    def _is_wanted(self, line: bytes) -> bool:
        return self._pattern is None or bool(self._pattern.search(line.decode(errors="replace")))

    def _label(self, task_id: str, stream: str) -> str:
        if self._labels is Labels.NONE:
            return ""
        name = stream if self._labels is Labels.STREAM else task_id
        # The same task has the same colour whenever it is shown.
        number = zlib.crc32(name.encode(errors="surrogatepass"))
        text = shortened(one_line(name), LONGEST_LABEL).ljust(self._width)
        sign = _SIGNS[stream]
        sign = self._paint.bad(sign) if stream == STDERR else self._paint.dim(sign)
        return f"{self._paint.hue(number, text)} {sign} "


class JsonLogLines(LogLines):
    """Lines as JSON objects, one a line; where bytes are no text, signs stand in for them."""

    def __init__(self, pattern: re.Pattern[str] | None = None, *, whole: bool = False) -> None:
        nothing = Paint(enabled=False)
        super().__init__(nothing, Labels.TASK, (), on_terminal=False, pattern=pattern, whole=whole)

    def _written(self, task_id: str, stream: str, shown: Sequence[bytes]) -> str:
        who = {"task_id": task_id, "stream": stream}
        texts = (line.decode(errors="replace") for line in shown)
        return "".join(json_line("log", {**who, "line": text}) for text in texts)

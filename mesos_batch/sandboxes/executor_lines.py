"""Whose lines stand in a standard error: those of the task, or of the executor that runs it.

The command executor of Mesos and the fetcher log into the standard error of the task: a dozen lines
for each, more when it is killed. They are told by their source and their level, information;
warnings and errors are for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

# As glog writes them: I1128 19:18:41.204176 14105 executor.cpp:740] Forked command at 14134
_OWN = re.compile(
    rb"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ "
    rb"(?:(?:exec|executor|fetcher)\.cpp:\d+\] |process\.cpp:\d+\] Stopped the socket accept loop)"
)
# The processes that were killed follow, one a line, until one that closes the bracket.
_TREES = re.compile(rb".*process trees:\s*$")
_END_OF_TREES = b"]"
# So much of a line tells whose it is.
TELLING = 256


class ExecutorLines:
    """Tells the lines of executors from others, in standard errors that come line by line."""

    def __init__(self) -> None:
        self._in_trees: set[Hashable] = set()

    def has(self, line: bytes, of: Hashable = None) -> bool:
        """Whether the next line of this standard error is one of the executor."""
        if _OWN.match(line):
            if _TREES.match(line):
                self._in_trees.add(of)
            return True
        if of not in self._in_trees:
            return False
        if line.strip() == _END_OF_TREES:
            self._in_trees.discard(of)
        return True

    def without(self, lines: Sequence[bytes], of: Hashable = None) -> list[bytes]:
        """The next lines of this standard error, but for those of the executor."""
        return [line for line in lines if not self.has(line, of)]

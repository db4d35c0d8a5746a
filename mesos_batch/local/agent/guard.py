"""What kills an agent's tasks when the agent's process dies and cannot do it itself.

Executors of Mesos notice that their agent is gone and end their tasks; ours live in the agent's
process. So an agent that runs tasks has a guard: a shell that is told which processes there are,
and reads a pipe whose other end only the agent holds. When the pipe ends, the agent has ended.
On Windows a job object does the same (``guard_windows.py``).
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mesos_batch.local.agent.sandbox import inherited_environment

# Each round looks at all processes, for what was forked meanwhile; a round that finds nobody new
# is the last. A process is found when the agent told of it, by its parent, group or session, or,
# on Linux, by a sandbox below $1 in the environment it was started with: so are those that left
# group and session, and those that started just when the agent died. $2 marks whom to spare.
_SCRIPT = r"""
trap '' HUP INT TERM
told=' ' containers=' ' engine=
while read -r what who words; do
  case $what in
    run) told="$told$who " ;;
    contain) containers="$containers$who " engine=$words ;;
    ended)
      case $told in *" $who "*) told="${told%% $who *} ${told#* $who }" ;; esac
      case $containers in
        *" $who "*) containers="${containers%% $who *} ${containers#* $who }" ;;
      esac ;;
  esac
done

processes() {
  if [ -r /proc/self/stat ]; then
    for stat in /proc/[0-9]*/stat; do
      read -r line <"$stat" || continue
      set -- ${line##*) }
      [ "$1" = Z ] || echo "${line%% *} $2 $3 $4"
    done
  else
    ps -axo pid=,ppid=,pgid=
  fi
}

started_in_sandboxes() {
  for file in $(grep -lsF -e "MESOS_SANDBOX=$1/" /proc/[0-9]*/environ); do
    grep -qsF -e "$2" "$file" && continue
    pid=${file#/proc/}
    echo "${pid%/environ}"
  done
}

for name in $containers; do
  $engine rm -f -v "$name" &
done
killed=' '
while :; do
  found=$told
  for pid in $(started_in_sandboxes "$1" "$2"); do
    case $found in *" $pid "*) ;; *) found="$found$pid " ;; esac
  done
  [ "$found" = ' ' ] && break
  listed=$(processes)
  before=
  while [ "$before" != "$found" ]; do
    before=$found
    while read -r pid parent group session; do
      case $found in
        *" $pid "*) ;;
        *" $parent "* | *" $group "* | *" ${session:-none} "*) found="$found$pid " ;;
      esac
    done <<END
$listed
END
  done
  fresh=
  for pid in $found; do
    case $killed in *" $pid "*) ;; *) fresh="$fresh $pid" killed="$killed$pid " ;; esac
  done
  [ "$fresh" ] || break
  for pid in $fresh; do
    kill -KILL "-$pid"
    kill -KILL "$pid"
  done
done
wait
"""


class Guard(Protocol):
    """Ends what it is told of when this process ends. Methods block for moments, in any thread."""

    def start(self) -> None:
        """Be there, before the first process is."""

    def runs(self, pid: int) -> None:
        """A process has started, the leader of its session."""

    def contains(self, name: str, program: Sequence[str]) -> None:
        """A container will be started by this container engine."""

    def ended(self, who: int | str) -> None:
        """A process, about to be reaped, or a container has ended."""

    def close(self) -> None:
        """End what is left, and the guard itself."""


def make_guard(sandboxes: Path, *, spares_checkpointed: bool) -> Guard:
    """Guard what runs below ``sandboxes``, perhaps not what another agent process follows."""
    if sys.platform == "win32":
        from mesos_batch.local.agent.guard_windows import JobGuard

        return JobGuard()
    return ShellGuard(sandboxes, spares_checkpointed=spares_checkpointed)


class ShellGuard:
    """The guard of POSIX."""

    def __init__(self, sandboxes: Path, *, spares_checkpointed: bool) -> None:
        # Nobody's variable has the second value.
        spared = "MESOS_CHECKPOINT=1" if spares_checkpointed else "MESOS_CHECKPOINT=none"
        self._arguments = (str(sandboxes), spared)
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the shell."""
        with self._lock:
            if self._shell is None and not self._closed:
                # Its session is its own: what interrupts us in a terminal must not end it.
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT, "mesos-batch-guard", *self._arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    cwd="/",
                    env=inherited_environment(),
                    start_new_session=True,
                )

    def runs(self, pid: int) -> None:
        """Tell it of a process."""
        self._tell(f"run {pid}")

    def contains(self, name: str, program: Sequence[str]) -> None:
        """Tell it of a container."""
        self.start()
        self._tell(f"contain {name} {' '.join(program)}")

    def ended(self, who: int | str) -> None:
        """Tell it what has ended."""
        self._tell(f"ended {who}")

    def close(self) -> None:
        """End the pipe, and wait for the shell."""
        with self._lock:
            self._closed = True
            if self._shell is not None:
                self._shell.communicate()

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._shell is not None and not self._closed:
                pipe = self._shell.stdin
                assert pipe is not None
                # Somebody may have killed it.
                with contextlib.suppress(OSError):
                    pipe.write(f"{line}\n".encode())

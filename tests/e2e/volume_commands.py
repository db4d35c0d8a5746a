"""Commands on volumes, as ``alice`` in the role ``test``, on a cluster of other processes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from program import Outcome, Program


class Commands:
    """The program against one master."""

    def __init__(
        self, program: Program, master: str, principal: str = "alice", role: str = "test"
    ) -> None:
        self.program = program
        self.master, self.principal, self.role = master, principal, role

    @property
    def who(self) -> tuple[str, ...]:
        return f"--master={self.master}", f"--principal={self.principal}"

    @property
    def whom(self) -> tuple[str, ...]:
        return *self.who, f"--role={self.role}"

    def run(self, *arguments: str) -> Outcome:
        """The program with these arguments, which say who we are as well."""
        return self.program(*arguments, *self.whom)

    def create(self, *flags: str) -> Outcome:
        return self.program("volumes", "create", *self.whom, *flags)

    def destroy(self, *words: str) -> Outcome:
        return self.program("volumes", "destroy", *words, *self.who, "--yes")

    def audit(self) -> Outcome:
        return self.program("volumes", "audit", f"--master={self.master}")

    def volumes(self) -> list[dict[str, Any]]:
        return self._listed("volumes")

    def reservations(self) -> list[dict[str, Any]]:
        return self._listed("reservations")

    def _listed(self, what: str) -> list[dict[str, Any]]:
        done = self.program(what, "list", f"--master={self.master}", "--json")
        assert done.returncode == 0, done.stderr
        listed: list[dict[str, Any]] = json.loads(done.stdout)[what]
        return listed


def printed_command(page: str, label: str) -> list[str]:
    """The arguments of the command that a page prints after a label, without the program."""
    (line,) = [line for line in page.splitlines() if line.strip().startswith(label)]
    program, *arguments = shlex.split(line.partition(label)[2])
    assert program == "mesos-batch"
    return arguments


def volume_directories(work_dir: Path, role: str = "test") -> list[str]:
    """The volumes the agents of a local cluster have on their disks."""
    return sorted(path.name for path in work_dir.glob(f"agent-*/volumes/roles/{role}/*"))

"""A task list whose end a test decides, and runs of it that were left."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from program import Outcome, running, task, write


class Held:
    """A list of a task that ends at once and two that end when they are let go."""

    def __init__(self, directory: Path) -> None:
        self._go = directory / "go"
        self._ran = directory / "ran"
        held = f"while [ ! -e {self._go} ]; do sleep 0.05; done; "
        self.file = write(
            directory / "list.json",
            task("quick", f"echo quick >> {self._ran}"),
            task("held-1", f"{held} echo held-1 >> {self._ran}"),
            task("held-2", f"{held} echo held-2 >> {self._ran}; exit $(cat {self._go})"),
        )

    def let_go(self, exit_status: int = 0) -> None:
        """Let the two end, the second with this status."""
        # In one step, so that no task reads it half written.
        new = self._go.with_suffix(".new")
        new.write_text(str(exit_status), encoding="utf-8")
        new.rename(self._go)

    @property
    def ended(self) -> list[str]:
        """The tasks that came to their end, as often as they did."""
        return sorted(self._ran.read_text(encoding="utf-8").split())

    def on(self, master: str, *flags: str) -> tuple[str, ...]:
        """The arguments that run it."""
        return (f"--master={master}", f"--task_list={self.file}", *flags)


def wait_until_all_run(process: subprocess.Popen[str]) -> str:
    """The run id, when the first task has ended and the others run."""
    assert process.stderr is not None
    run_id = process.stderr.readline().split()[1]
    missing = {"task quick finished", "task held-1 running", "task held-2 running"}
    while missing:
        line = process.stderr.readline()
        assert line, missing
        missing -= {text for text in missing if text in line}
    return run_id


def killed_run(master: str, held: Held, cwd: Path) -> str:
    """A run whose program was killed while two of its tasks run."""
    with running(*held.on(master), cwd=cwd) as process:
        run_id = wait_until_all_run(process)
        process.kill()
    return run_id


def info_of(mesos_batch: Callable[..., Outcome], run_id: str = "last") -> dict[str, object]:
    """What ``status --json`` tells of a run."""
    done = mesos_batch("status", run_id, "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told

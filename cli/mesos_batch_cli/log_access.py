"""Opens what tasks of a run wrote: their sandboxes, or what was collected of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.errors import ClusterError

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.sandboxes import Sandbox, Source
    from mesos_batch_cli.task_choice import ChosenRun, PickedTask


class LogAccess:
    """The sandboxes of one run; ``options`` say who we are to its agents."""

    def __init__(
        self, run: ChosenRun, options: RunOptions, output_dir: str | None, attempt: int | None
    ) -> None:
        from mesos_batch.sandboxes import Sources

        self.run = run
        self.options = options
        self._output_dir = output_dir
        self._attempt = attempt
        self._sources = Sources(options)
        self._located: dict[Sandbox, Sandbox] = {}

    def sandbox(self, task: PickedTask) -> Sandbox | None:
        """That of the attempt that is meant; ``None`` for a task that was never launched.

        Raises:
            UsageError: the task had no such attempt.
            JournalError: the journal cannot be read.
        """
        from mesos_batch.sandboxes import attempt_of

        return attempt_of(self.run.info, task.view, task.position, self._attempt)

    def located(self, sandbox: Sandbox) -> Sandbox:
        """The sandbox with where it is, which the cluster is asked if the journal has it not.

        Raises:
            ClusterError: nobody knows, or whoever knows does not answer.
        """
        from mesos_batch.sandboxes import asked_for

        if sandbox not in self._located:
            framework_id = self.run.snapshot.framework_id
            found = asked_for(sandbox, framework_id, self.options, self._sources)
            self._located[sandbox] = found
        return self._located[sandbox]

    def sandbox_source(self, sandbox: Sandbox) -> Source:
        """The files of the sandbox itself.

        Raises:
            ClusterError: nobody knows where it is.
        """
        return self._sources.open(self.located(sandbox))

    def copy(self, task: PickedTask, sandbox: Sandbox) -> Source | None:
        """What ``--output_dir`` has of it; ``None`` where it has nothing."""
        from mesos_batch.sandboxes import copy_of

        if self._output_dir is None:
            return None
        final = task.view.phase.is_end and sandbox.attempt == task.view.launches
        return copy_of(Path(self._output_dir), sandbox, final=final)

    def source(self, task: PickedTask, sandbox: Sandbox, wanted: str) -> Source:
        """Where ``wanted`` can be read: in the sandbox, else among the copies.

        Raises:
            ClusterError: in neither; this is what is wrong with the sandbox.
        """
        try:
            source = self.sandbox_source(sandbox)
            source.size(wanted)
        except ClusterError:
            copy = self.copy(task, sandbox)
            if copy is None:
                raise
            return copy
        return source

    def close(self) -> None:
        """Close all connections."""
        self._sources.close()

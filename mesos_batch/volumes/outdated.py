"""Changes of a run that stopped, which must not be made any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch import journal
from mesos_batch.errors import RefusedError
from mesos_batch.model.change import ChangeKind, ChangePhase, volume_ids
from mesos_batch.model.operation import OperationType
from mesos_batch.volumes.ledger import read_ledger

if TYPE_CHECKING:
    from mesos_batch.journal import RunInfo


def refuse_outdated(info: RunInfo, state_dir: Path | None = None) -> None:
    """Refuse to go on destroying what was destroyed since, and created anew by another run.

    Raises:
        RefusedError: going on would destroy another volume of the same id.
        JournalError: a journal cannot be read.
    """
    if not info.changes:
        return
    undone = [
        view
        for view in journal.read_changes(info.directory)
        if view.change.kind is ChangeKind.UNDO and view.phase is not ChangePhase.DONE
    ]
    if not undone:
        return
    ledger = read_ledger(None, info.master, state_dir)
    for view in undone:
        left = view.change.volumes.without(view.finished(OperationType.DESTROY))
        for agent_id in view.change.agents or ():
            for holding in ledger.on(agent_id):
                anew = left.found_in(holding.volumes)
                if anew and holding.begun_at > info.created_at:
                    raise RefusedError(
                        f"run {info.run_id} was to destroy volume {', '.join(volume_ids(anew))}, "
                        f"and run {holding.run_id} has created it anew since: it stays",
                        f"'mesos-batch cancel {info.run_id}' ends that run.",
                    )

"""What became of the changes of a run, printed when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mesos_batch.model.change import ChangeKind, ChangePhase, ChangeView, volume_ids
from mesos_batch.model.facts import Phase
from mesos_batch.model.resource_text import in_few_words
from mesos_batch_cli.output.change_text import outcome, where
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import elapsed

SHOWN_CHANGES = 20
_COLUMNS = ("VOLUME", "AGENT", "RESOURCES", "STATE")
_VERBS = {
    ChangeKind.MAKE: ("created", "reserved"),
    ChangeKind.UNDO: ("destroyed", "unreserved"),
    ChangeKind.FORGET: ("written off", "written off"),
}
_PHASES = {
    ChangePhase.WAITING: Phase.WAITING,
    ChangePhase.DONE: Phase.FINISHED,
    ChangePhase.FAILED: Phase.FAILED,
    ChangePhase.CANCELLED: Phase.CANCELLED,
}


def change_table(
    changes: Sequence[ChangeView], paint: Paint, width: int | None, *, every_change: bool
) -> list[str]:
    """A row for each change: its volumes, where, how much, and how far it came.

    Of many, those that are done are left out first.
    """
    shown = list(changes)
    if len(shown) > SHOWN_CHANGES and not every_change:
        shown.sort(key=lambda view: view.phase is ChangePhase.DONE)
        shown = shown[:SHOWN_CHANGES]
    rows = [
        (
            ", ".join(volume_ids(view.volumes)),
            where(view),
            in_few_words(view.reserved or view.volumes),
            outcome(view),
        )
        for view in shown
    ]
    good = [view.phase is ChangePhase.DONE for view in shown]
    lines = table(
        _COLUMNS,
        rows,
        paint,
        width,
        color=lambda index: None if good[index] else paint.bad,
        notes=[view.message for view in shown],
    )
    if len(shown) < len(changes):
        lines.append(f"… and {len(changes) - len(shown):,} more; --verbose lists all of them")
    return lines


def change_headline(changes: Sequence[ChangeView], seconds: float, paint: Paint) -> str:
    """The verdict: ``3 volumes created on 2 agents in 0.4s``."""
    done = [view for view in changes if view.phase is ChangePhase.DONE]
    took = elapsed(seconds)
    agents = len({view.agent_id for view in done if view.agent_id is not None})
    place = f" on {agents} agents" if agents > 1 else ""
    if len(done) == len(changes):
        return paint.good(f"{' and '.join(_counted(done))}{place} in {took}")
    ends = Counter(view.phase.value for view in changes if view.phase is not ChangePhase.DONE)
    others = ", ".join(f"{count} {word}" for word, count in ends.items())
    return paint.bold(f"{len(done)} of {_noun(changes)} done{place}, {others}, in {took}")


def _counted(changes: Sequence[ChangeView]) -> Iterator[str]:
    for kind, (of_volumes, of_others) in _VERBS.items():
        mine = [view for view in changes if view.change.kind is kind]
        volumes = sum(len(view.volumes) for view in mine)
        if volumes:
            yield f"{volumes} volume{'s' if volumes > 1 else ''} {of_volumes}"
        if any(not view.volumes for view in mine):
            bare = sum(not view.volumes for view in mine)
            yield f"{bare} reservation{'s' if bare > 1 else ''} {of_others}"


def _noun(changes: Sequence[ChangeView]) -> str:
    return f"{len(changes)} change{'s' if len(changes) > 1 else ''}"


def as_phases(changes: Sequence[ChangeView]) -> Counter[Phase]:
    """How many changes are where, in the words of tasks, for a bar."""
    counts: Counter[Phase] = Counter()
    for view in changes:
        sent = view.phase is ChangePhase.WAITING and view.operations
        counts[Phase.RUNNING if sent else _PHASES[view.phase]] += 1
    return counts

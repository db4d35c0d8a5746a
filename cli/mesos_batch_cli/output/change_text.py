"""Changes of reservations and volumes in words."""

from __future__ import annotations

from mesos_batch.model.change import ChangeKind, ChangePhase, ChangeView, OperationView, volume_ids
from mesos_batch.model.operation import OperationType
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import Resources
from mesos_batch_cli.output.text import agent_name

_DONE = {ChangeKind.MAKE: "created", ChangeKind.UNDO: "destroyed", ChangeKind.FORGET: "written off"}
_DONE_WITHOUT = {**_DONE, ChangeKind.MAKE: "reserved", ChangeKind.UNDO: "unreserved"}


def what(view: ChangeView) -> str:
    """What a change is about: its volumes, else its resources."""
    if view.volumes:
        names = ", ".join(volume_ids(view.volumes))
        return f"volume{'s' if len(view.volumes) > 1 else ''} {names}"
    return in_few_words(view.reserved)


def where(view: ChangeView) -> str:
    """The agent a change takes place on, as it is called."""
    agent_id = view.agent_id
    if agent_id is None and view.change.agents is not None and len(view.change.agents) == 1:
        (agent_id,) = view.change.agents
    return agent_name(agent_id, view.hostname)


def outcome(view: ChangeView) -> str:
    """How far a change came, exactly: ``created``, ``reserved, not created``."""
    if view.phase is ChangePhase.DONE:
        return (_DONE if view.volumes else _DONE_WITHOUT)[view.change.kind]
    if view.change.kind is ChangeKind.MAKE:
        steps = [
            _step("reserved", view, OperationType.RESERVE, view.reserved),
            _step("created", view, OperationType.CREATE, view.volumes),
        ]
    else:
        steps = [
            _step("destroyed", view, OperationType.DESTROY, view.volumes),
            _step("unreserved", view, OperationType.UNRESERVE, view.reserved),
        ]
    return ", ".join(step for step in steps if step is not None)


def _step(word: str, view: ChangeView, kind: OperationType, wish: Resources) -> str | None:
    if not wish:
        return None
    done = view.finished(kind)
    if done.contains(wish):
        return word
    if any(op.type is kind and not op.state.is_terminal for op in view.operations):
        return f"perhaps {word}"
    return f"partly {word}" if done else f"not {word}"


def operation_text(operation: OperationView) -> str:
    """An operation: ``CREATE tiles-1``, ``RESERVE disk:100; cpus:1``."""
    names = ", ".join(volume_ids(operation.resources))
    return f"{operation.type.name} {names or in_few_words(operation.resources)}"


def ending(view: ChangeView) -> str:
    """One sentence for a change that has ended."""
    at = where(view)
    place = f" on agent {at}" if at else ""
    text = f"{what(view)} {outcome(view)}{place}"
    return text if view.message is None else f"{text}: {view.message}"

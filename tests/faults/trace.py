"""One line for each thing that passes between engine, journal and cluster."""

from __future__ import annotations

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.saved import AttemptEntry, ChangeEntry, OperationEntry, TaskEntry


def short(thing: object) -> str:
    """A line a person can read."""
    return _event(thing) or _command(thing) or _entry(thing) or str(thing)


def _uuid(uuid: bytes | None) -> str:
    return "" if uuid is None else f"uuid {int.from_bytes(uuid)}"


def _event(thing: object) -> str | None:
    match thing:
        case ev.UpdateArrived(status=status):
            what = f"{status.task_id} {status.state.name} {status.reason or ''}"
            return f"update {what} {_uuid(status.uuid)}"
        case ev.OperationUpdateArrived(status=status):
            what = f"{status.operation_id} {status.state.name} {status.message or ''}"
            return f"operation {what} {_uuid(status.uuid)}"
        case ev.OffersArrived():
            return "offers " + ", ".join(f"{o.offer_id} of {o.agent_id}" for o in thing.offers)
        case ev.AgentsListed():
            return f"agents {[agent.agent_id for agent in thing.agents]}"
    return None


def _command(thing: object) -> str | None:
    match thing:
        case do.Launch():
            names = [task.task_id for task in thing.tasks]
            return f"Launch {names} on {thing.agent_id} {thing.offer_ids}"
        case do.Operate():
            what = "; ".join(
                f"{o.operation_id or 'no id'}: {o.type.value} {o.resources}"
                for o in thing.operations
            )
            return f"Operate on {thing.agent_id} {thing.offer_ids}: {what}"
        case do.Acknowledge():
            return f"Acknowledge {thing.task_id} {_uuid(thing.uuid)}"
        case do.AcknowledgeOperation():
            return f"AcknowledgeOperation {thing.operation_id} {_uuid(thing.uuid)}"
    return None


def _entry(thing: object) -> str | None:
    match thing:
        case TaskEntry():
            counts = f"launches {thing.launches} failures {thing.failures} losses {thing.losses}"
            return f"task {thing.position} {thing.phase.value} {counts} {thing.message or ''}"
        case AttemptEntry():
            state = "" if thing.state is None else thing.state.name
            where = f"on {thing.agent_id} {thing.reason or ''}"
            return f"attempt {thing.position}/{thing.number} {thing.phase.value} {state} {where}"
        case ChangeEntry():
            where = f"{thing.phase.value} on {thing.agent_id} {thing.message or ''}"
            return f"change {thing.position} {where}: {thing.reserved}, {thing.volumes}"
        case OperationEntry():
            name = f"{thing.position}/{thing.number} {thing.type.value} {thing.operation_id}"
            where = f"{thing.state.name} on {thing.agent_id} {thing.message or ''}"
            return f"operation {name} {where}: {thing.resources}"
    return None

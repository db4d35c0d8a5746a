"""One line for each thing that passes between engine, journal and cluster."""

from __future__ import annotations

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.saved import AttemptEntry, TaskEntry


def short(thing: object) -> str:
    """A line a person can read."""
    match thing:
        case ev.UpdateArrived(status=status):
            uuid = "" if status.uuid is None else f" uuid {int.from_bytes(status.uuid)}"
            return f"update {status.task_id} {status.state.name} {status.reason or ''}{uuid}"
        case ev.OffersArrived():
            return "offers " + ", ".join(f"{o.offer_id} of {o.agent_id}" for o in thing.offers)
        case ev.AgentsListed():
            return f"agents {[agent.agent_id for agent in thing.agents]}"
        case do.Launch():
            names = [task.task_id for task in thing.tasks]
            return f"Launch {names} on {thing.agent_id} {thing.offer_ids}"
        case do.Acknowledge():
            return f"Acknowledge {thing.task_id} uuid {int.from_bytes(thing.uuid)}"
        case TaskEntry():
            counts = f"launches {thing.launches} failures {thing.failures} losses {thing.losses}"
            return f"task {thing.position} {thing.phase.value} {counts} {thing.message or ''}"
        case AttemptEntry():
            state = "" if thing.state is None else thing.state.name
            where = f"on {thing.agent_id} {thing.reason or ''}"
            return f"attempt {thing.position}/{thing.number} {thing.phase.value} {state} {where}"
        case _:
            return str(thing)

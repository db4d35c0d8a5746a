"""Plans of what is to be destroyed and unreserved, and what must not be touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.errors import RefusedError
from mesos_batch.model.change import Change, ChangeKind, volume_ids
from mesos_batch.model.cluster import volume_id
from mesos_batch.model.operation import OperationType
from mesos_batch.model.resource import Resource
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import Resources
from mesos_batch.model.selecting import names_of
from mesos_batch.volumes.create import split
from mesos_batch.volumes.ledger import Holding, unclaimed
from mesos_batch.volumes.listing import is_in_use
from mesos_batch.volumes.refuse import away, refuse_foreign

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView
    from mesos_batch.volumes.ledger import Ledger


@dataclass(slots=True)
class DestroyPlan:
    """What goes (``changes``), and why the rest must stay (``refused``, a sentence each).

    ``role`` is the one to register with.
    """

    changes: list[Change] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    role: str | None = None


def plan_destroy(
    ids: Sequence[str],
    cluster: ClusterView,
    ledger: Ledger,
    *,
    principal: str | None,
    role: str | None = None,
    agent: str | None = None,
    keep_reservations: bool = False,
) -> DestroyPlan:
    """Destroy volumes by their ids and unreserve their disk.

    What was reserved together with a volume goes with it. ``role`` and ``agent`` choose among
    volumes of one id.
    """
    plan = DestroyPlan()
    found: list[tuple[AgentState, Resource]] = []
    for name in dict.fromkeys(ids):
        try:
            found.append(_find(name, cluster, ledger, role, agent))
        except RefusedError as error:
            plan.refused.append(error.message)
    for place, volume in found:
        _refuse(plan, place, volume, cluster, principal)
    if plan.refused:
        return plan
    roles = {volume.reservation_role for _, volume in found}
    if len(roles) > 1:
        plan.refused.append(
            f"the volumes are of several roles: {', '.join(sorted(map(str, roles)))}"
        )
        return plan
    plan.role = next(iter(roles), None)
    for state in {place.agent_id: place for place, _ in found}.values():
        volumes = Resources(volume for at, volume in found if at.agent_id == state.agent_id)
        if keep_reservations:
            plan.changes.append(_undo(state, Resources(), volumes))
        else:
            plan.changes += _with_their_reservations(state, volumes, ledger)
    return plan


def plan_undo(
    run_id: str, cluster: ClusterView, ledger: Ledger, *, principal: str | None
) -> DestroyPlan:
    """Undo what a run made and what is left of it; what is not there any more is written off."""
    plan = DestroyPlan()
    for holding in ledger.of_run(run_id):
        state = cluster.agent(holding.agent_id)
        if state is None:
            plan.refused.append(away(_what(holding), holding, cluster))
            continue
        volumes = _present(state, holding)
        for volume in volumes:
            _refuse(plan, state, volume, cluster, principal)
        reserved = _reserved_there(state, _wanted_reserved(holding), volumes)
        if not volumes:
            _refuse_reserved(plan, state, reserved, principal)
        if volumes or reserved:
            roles = {item.reservation_role for item in [*volumes, *reserved]}
            plan.role = next(iter(roles))
            plan.changes.append(_undo(state, reserved, volumes, run_id))
        plan.changes += _gone(state, holding, volumes)
    return plan


def plan_remove(
    resources: Resources,
    cluster: ClusterView,
    ledger: Ledger,
    *,
    principal: str | None,
    agent_id: str | None = None,
) -> DestroyPlan:
    """Undo a set of reservations and volumes as the original's flag names it.

    Volumes are known by their ids; without any of them, reservations that equal those of the set
    go, from one agent, unless another run of ours made them. ``agent_id`` is the only agent that
    is looked at, where it is given.
    """
    volumes, reserved = split(resources)
    (role,) = {volume.reservation_role for volume in volumes}
    ids = set(volume_ids(volumes))
    plan = DestroyPlan(role=role)
    there = [
        (agent, volume)
        for agent, volume in cluster.volumes()
        if volume.reservation_role == role
        and volume_id(volume) in ids
        and agent_id in (None, agent.agent_id)
    ]
    for agent, volume in there:
        _refuse(plan, agent, volume, cluster, principal)
    for holding in ledger.holdings:
        named = ids & {*holding.planned, *volume_ids(holding.volumes)}
        if named and agent_id in (None, holding.agent_id):
            _refuse_away(plan, holding, cluster)
    places = list({agent.agent_id: agent for agent, _ in there}.values())
    if len(places) > 1:
        hosts = ", ".join(agent.place for agent in places)
        plan.refused.append(
            f"the volumes {', '.join(sorted(ids))} are on several agents: {hosts}; name one as "
            "agent_id in the file"
        )
    if plan.refused:
        return plan
    free = {agent.agent_id: unclaimed(agent, ledger, tuple(ids)) for agent in cluster.agents}
    if not places:
        places = [
            agent
            for agent in cluster.agents
            if agent.active
            and agent_id in (None, agent.agent_id)
            and free[agent.agent_id].contains(reserved)
        ][:1]
    for agent in places:
        own = Resources(volume for at, volume in there if at is agent)
        known = (ledger.with_volume(agent.agent_id, volume) for volume in own)
        run_id = next((holding.run_id for holding in known if holding is not None), None)
        after = free[agent.agent_id] + own.map(Resource.without_volume)
        plan.changes.append(_undo(agent, after.common(reserved), own, run_id))
    return plan


def _refuse_away(plan: DestroyPlan, holding: Holding, cluster: ClusterView) -> None:
    """Note that what a holding has is out of reach, if it is."""
    agent = cluster.agent(holding.agent_id)
    if agent is None:
        plan.refused.append(away(_what(holding), holding, cluster))
    elif not agent.active and not holding.volumes:
        plan.refused.append(f"{_what(holding)} is on agent {agent.place}, which is away")


def _find(
    name: str, cluster: ClusterView, ledger: Ledger, role: str | None, agent: str | None
) -> tuple[AgentState, Resource]:
    matches = [
        (place, volume)
        for place, volume in cluster.volumes()
        if volume_id(volume) == name
        and role in (None, volume.reservation_role)
        and (agent is None or agent in names_of(place))
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        places = ", ".join(f"{at.agent_id} (role {it.reservation_role})" for at, it in matches)
        raise RefusedError(f"{len(matches)} volumes are called {name}: on {places}; name one")
    known = ledger.naming(name)
    for holding in known:
        if cluster.agent(holding.agent_id) is None:
            raise RefusedError(away(f"volume {name}", holding, cluster))
    if known:
        raise RefusedError(
            f"volume {name}, which run {known[0].run_id} created, is not to be seen on its agent "
            f"any more; --run={known[0].run_id} undoes what is left and writes off the rest"
        )
    raise RefusedError(f"no volume of the cluster is called {name}")


def _refuse(
    plan: DestroyPlan,
    agent: AgentState,
    volume: Resource,
    cluster: ClusterView,
    principal: str | None,
) -> None:
    """Note why a volume must not be touched, if it must not."""
    name, place = volume_id(volume), agent.place
    if not agent.active:
        plan.refused.append(f"volume {name} is on agent {place}, which is away")
        return
    try:
        refuse_foreign(volume, principal, place)
    except RefusedError as error:
        plan.refused.append(error.message)
        return
    if is_in_use(agent, volume):
        users = cluster.users_of(agent.agent_id, volume)
        by = ", ".join(
            f"task {it.task_id} of {it.framework_name or it.framework_id}" for it in users
        )
        plan.refused.append(f"volume {name} on agent {place} is in use by {by or 'an executor'}")


def _refuse_reserved(
    plan: DestroyPlan, agent: AgentState, reserved: Resources, principal: str | None
) -> None:
    """Note why reservations without a volume must not be touched, if they must not."""
    what = in_few_words(reserved)
    theirs = {item.reservations[-1].principal for item in reserved} - {None, principal}
    if theirs:
        whose = ", ".join(sorted(map(str, theirs)))
        plan.refused.append(f"{what} on agent {agent.place} is reserved by principal '{whose}'")
    elif reserved and not agent.active:
        plan.refused.append(f"{what} is reserved on agent {agent.place}, which is away")


def _gone(agent: AgentState, holding: Holding, volumes: Resources) -> Iterator[Change]:
    """What writes off what a holding has, for certain, and its agent does not."""
    lost = holding.volumes.without(volumes)
    created = volumes.without(holding.volumes).map(Resource.without_volume)
    certain = holding.reserved.without(created)
    missing = certain.without(_plain(agent).common(certain))
    if agent.active and (lost or missing):
        where = frozenset({agent.agent_id})
        yield Change(ChangeKind.FORGET, missing, lost, where, run_id=holding.run_id)


def _with_their_reservations(
    agent: AgentState, volumes: Resources, ledger: Ledger
) -> Iterable[Change]:
    """Changes that undo volumes, and with all volumes of a holding what was reserved for them."""
    left = volumes
    for holding in ledger.on(agent.agent_id):
        own = left.found_in(holding.volumes)
        if not own:
            continue
        left = left.without(own)
        whole = own.contains(holding.volumes)
        wanted = _wanted_reserved(holding) if whole else own.map(Resource.without_volume)
        yield _undo(agent, _reserved_there(agent, wanted, own), own, holding.run_id)
    for volume in left:
        one = Resources([volume])
        yield _undo(agent, _reserved_there(agent, one.map(Resource.without_volume), one), one)


def _wanted_reserved(holding: Holding) -> Resources:
    """All a holding has, or may have, reserved: the disk of its volumes included."""
    under = holding.volumes.map(Resource.without_volume)
    return holding.reserved + under + holding.perhaps(OperationType.RESERVE)


def _present(agent: AgentState, holding: Holding) -> Resources:
    """The volumes of a holding that are there, those it may have created among them."""
    wanted = holding.volumes + holding.perhaps(OperationType.CREATE)
    return wanted.found_in(agent.total)


def _reserved_there(agent: AgentState, reserved: Resources, volumes: Resources) -> Resources:
    """What of these dynamic reservations is there, once the volumes are destroyed."""
    after = _plain(agent) + volumes.map(Resource.without_volume)
    dynamic = reserved.filter(lambda item: item.is_dynamically_reserved)
    return after.common(dynamic)


def _plain(agent: AgentState) -> Resources:
    return agent.total.reserved().beside_volumes()


def _undo(
    agent: AgentState, reserved: Resources, volumes: Resources, run_id: str | None = None
) -> Change:
    agents = frozenset({agent.agent_id})
    return Change(ChangeKind.UNDO, reserved, volumes, agents, run_id=run_id)


def _what(holding: Holding) -> str:
    names = volume_ids(holding.volumes)
    if names:
        return f"volume {', '.join(names)}"
    return f"what run {holding.run_id} reserved"

"""The offers in hand, recorded and ours.

A quicker allocator cuts what comes free into other pieces. What must be the same is the sum: per
agent, ours have to hold at least what the recording held, and exactly that when it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.likeness import Likeness
from conformance.streams import EventStream, Json

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.values import resources_from


def id_of(offer: Json) -> str:
    return str(offer["id"]["value"])


def agent_of(offer: Json) -> str:
    return str(offer["agent_id"]["value"])


def total(offers: Iterable[Json]) -> Resources:
    whole = Resources()
    for offer in offers:
        whole = whole + resources_from(
            json_dialect.from_value(item, pb.Resource) for item in offer["resources"]
        )
    return whole


class Offers:
    """Which offers are held, and which of ours stands for which recorded one."""

    def __init__(self, like: Likeness) -> None:
        self._like = like
        self._recorded: dict[str, Json] = {}
        self._ours: dict[str, Json] = {}
        self._same: dict[str, str] = {}
        self._agents: set[str] = set()

    def await_offer(self, recorded: Json, stream: EventStream) -> Iterator[str]:
        """Wait until we hold what the recording holds; yields differences."""
        self._agents.add(agent_of(recorded))
        self._recorded[id_of(recorded)] = recorded

        def enough() -> bool:
            self._collect(stream)
            return self._match(recorded) is not None

        stream.wait(enough, f"the offer {id_of(recorded)} of {total([recorded])}")
        ours = self._match(recorded)
        assert ours is not None
        if total([ours]) == total([recorded]):
            self._same[id_of(recorded)] = id_of(ours)
            yield from self._like.differences(recorded, ours, ".offer")
        else:
            yield from self._uncut_differences(recorded)

    def use(self, recorded_id: str, streams: dict[str, EventStream]) -> list[str]:
        """Our offers that are what a recorded one is; both are in hand no more."""
        recorded = self._recorded.get(recorded_id)
        if recorded is None:
            return [recorded_id]
        same = self._same.pop(recorded_id, None)
        if same in self._ours:
            used = [self._ours[same]]
        else:
            used = self._all_of_agent(recorded, next(reversed(streams.values())))
        del self._recorded[recorded_id]
        for offer in used:
            del self._ours[id_of(offer)]
        return [id_of(offer) for offer in used]

    def forget(self, recorded: Json, ours: Json) -> None:
        """Let go what was rescinded."""
        self._recorded.pop(recorded["offer_id"]["value"], None)
        self._ours.pop(ours["offer_id"]["value"], None)

    def clear(self) -> None:
        """Let go everything: the subscription ended."""
        self._recorded.clear()
        self._ours.clear()
        self._same.clear()

    def settled(self, stream: EventStream) -> Iterator[str]:
        """What differs in a moment when the recording had been silent for a while."""
        self._collect(stream)
        for agent in sorted(self._agents):
            recorded, ours = total(self._held_by_recording(agent)), total(self._held(agent))
            if recorded != ours:
                yield f"offers of {agent}: {recorded} was recorded, ours is {ours}"

    def _collect(self, stream: EventStream) -> None:
        for event in [event for event in stream.events if event["type"] == "OFFERS"]:
            stream.events.remove(event)
            self._ours.update((id_of(offer), offer) for offer in event["offers"]["offers"])
        for event in [event for event in stream.events if event["type"] == "RESCIND"]:
            # One that was recorded waits to be compared; another takes what was not recorded.
            if not self._like.is_taken(event["rescind"]["offer_id"]["value"]):
                stream.events.remove(event)
                self._ours.pop(event["rescind"]["offer_id"]["value"], None)

    def _match(self, recorded: Json) -> Json | None:
        """Ours that stands for it: the very same, or the newest when the sum is enough."""
        agent = agent_of(recorded)
        known = self._like.knows(agent)
        candidates = [
            offer
            for key, offer in self._ours.items()
            if key not in self._same.values()
            and (
                agent_of(offer) == self._like.ours(agent)
                if known
                else not self._like.is_taken(agent_of(offer))
            )
        ]
        wanted = total([recorded])
        exact = next((offer for offer in candidates if total([offer]) == wanted), None)
        if exact is not None or not known:
            return exact
        held = total(self._held_by_recording(agent))
        ours = self._held(agent)
        return ours[-1] if ours and total(ours).contains(held) else None

    def _uncut_differences(self, recorded: Json) -> Iterator[str]:
        """A volume is in one piece however the rest was cut, so it must look the same."""
        ours = [item for offer in self._held(agent_of(recorded)) for item in offer["resources"]]
        for item in recorded["resources"]:
            if "disk" in item and item not in ours:
                yield f"offered volume: {item} was recorded, ours are {ours}"

    def _held(self, agent: str) -> list[Json]:
        ours = self._like.ours(agent)
        return [offer for offer in self._ours.values() if agent_of(offer) == ours]

    def _held_by_recording(self, agent: str) -> list[Json]:
        return [offer for offer in self._recorded.values() if agent_of(offer) == agent]

    def _all_of_agent(self, recorded: Json, stream: EventStream) -> list[Json]:
        agent = agent_of(recorded)
        wanted = total(self._held_by_recording(agent))

        def ours() -> list[Json]:
            self._collect(stream)
            return self._held(agent)

        stream.wait(lambda: total(ours()) == wanted, f"offers of exactly {wanted}")
        return ours()

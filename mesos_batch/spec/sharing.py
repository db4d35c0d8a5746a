"""Equal parts of the tasks of a list, kept once."""

from __future__ import annotations

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.model.sharing import Payloads, Texts
from mesos_batch.protocol.values import resources_from


class Shared:
    """What tasks so far had; gives the same object for what is equal."""

    def __init__(self) -> None:
        self.text = Texts().share
        self.payload = Payloads().pack
        self._resources: dict[tuple[bytes, ...], Resources] = {}

    def executor_resources(self, executor: pb.ExecutorInfo) -> Resources:
        """The resources of an executor, without allocation."""
        key = tuple([message.SerializePartialToString() for message in executor.resources])
        known = self._resources.get(key)
        if known is None:
            known = resources_from(executor.resources).allocated_to(None)
            self._resources[key] = known
        return known

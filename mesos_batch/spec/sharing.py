"""Equal parts of the tasks of a list, kept once: a batch says the same over and over."""

from __future__ import annotations

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_from

# A text that no other task has would only be remembered in vain.
_TEXTS = 10_000


class Shared:
    """What tasks so far had; gives the same object for what is equal."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._resources: dict[tuple[bytes, ...], Resources] = {}

    def text(self, text: str) -> str:
        """An equal text; the first of a long list are remembered."""
        known = self._texts.get(text)
        if known is not None:
            return known
        if len(self._texts) < _TEXTS:
            self._texts[text] = text
        return text

    def executor_resources(self, executor: pb.ExecutorInfo) -> Resources:
        """The resources of an executor, without allocation."""
        key = tuple([message.SerializePartialToString() for message in executor.resources])
        known = self._resources.get(key)
        if known is None:
            known = resources_from(executor.resources).allocated_to(None)
            self._resources[key] = known
        return known

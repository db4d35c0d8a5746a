"""Which framework capabilities may be asked for (``FrameworkInfo.Capability`` in mesos.proto)."""

from __future__ import annotations

ACCEPTED = (
    "REVOCABLE_RESOURCES",
    "TASK_KILLING_STATE",
    "GPU_RESOURCES",
    "SHARED_RESOURCES",
    "PARTITION_AWARE",
    "RESERVATION_REFINEMENT",
    "REGION_AWARE",
)
_REFUSED = {
    "MULTI_ROLE": "a framework with it has no single role, and --role sets one",
    "UNKNOWN": "it stands for names that a Mesos does not know",
}


def check_capabilities(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names back.

    Raises:
        ValueError: one does not exist or cannot work with this program.
    """
    for name in names:
        if name in _REFUSED:
            raise ValueError(f"{name} cannot be used: {_REFUSED[name]}")
        if name not in ACCEPTED:
            raise ValueError(f"'{name}' is not one of {', '.join(ACCEPTED)}")
    return names

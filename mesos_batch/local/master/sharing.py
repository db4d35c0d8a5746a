"""Dominant resource fairness: who is next, of roles and of the frameworks in a role.

The share of somebody is the largest part it holds of any one resource of the cluster. Roles
form a tree (``a/b`` is below ``a``); siblings compete with each other first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar

Quantities = Counter[str]
RoleKey = tuple[tuple[float, str], ...]


def quantities(resources: Resources) -> Quantities:
    """The scalars by name, in thousandths."""
    counted: Quantities = Counter()
    for resource in resources:
        if isinstance(resource.value, Scalar):
            counted[resource.name] += resource.value.milli
    return counted


class Shares:
    """How much each framework holds in each role, and of how much in all."""

    def __init__(self) -> None:
        self._total: Quantities = Counter()
        self._held: dict[tuple[str, str], Quantities] = {}
        self._turns: Counter[tuple[str, str]] = Counter()

    def add_total(self, amounts: Quantities) -> None:
        """An agent came."""
        self._total.update(amounts)

    def remove_total(self, amounts: Quantities) -> None:
        """An agent went."""
        self._total.subtract(amounts)

    def hold(self, framework_id: str, role: str, amounts: Quantities) -> None:
        """The framework holds something more."""
        self._held.setdefault((framework_id, role), Counter()).update(amounts)

    def take_turn(self, framework_id: str, role: str) -> None:
        """The framework was given something: equals come before it."""
        self._turns[framework_id, role] += 1

    def release(self, framework_id: str, role: str, amounts: Quantities) -> None:
        """The framework gave something back."""
        held = self._held.get((framework_id, role))
        if held is not None:
            held.subtract(amounts)

    def forget(self, framework_id: str) -> None:
        """The framework is gone, with everything it held."""
        for key in [key for key in self._held if key[0] == framework_id]:
            del self._held[key]
        for turn in [key for key in self._turns if key[0] == framework_id]:
            del self._turns[turn]

    def sorted_roles(self, roles: Iterable[str]) -> list[str]:
        """Roles, the poorest branch first."""
        usage: dict[str, Quantities] = {}
        for (_, role), held in self._held.items():
            for branch in _branches(role):
                usage.setdefault(branch, Counter()).update(held)
        shares = {branch: self._share(held) for branch, held in usage.items()}

        def key(role: str) -> RoleKey:
            return tuple((shares.get(branch, 0.0), branch) for branch in _branches(role))

        return sorted(roles, key=key)

    def sorted_frameworks(self, role: str, framework_ids: Iterable[str]) -> list[str]:
        """Frameworks of a role, the poorest first; equals take turns."""

        def key(framework_id: str) -> tuple[float, int, str]:
            held = self._held.get((framework_id, role), Counter())
            return self._share(held), self._turns[framework_id, role], framework_id

        return sorted(framework_ids, key=key)

    def _share(self, held: Quantities) -> float:
        return max(
            (amount / self._total[name] for name, amount in held.items() if self._total[name] > 0),
            default=0.0,
        )


def _branches(role: str) -> list[str]:
    """``a/b`` gives ``a/``, ``a/b/``, ``a/b/.``: a role competes with its own children too."""
    parts = role.split("/")
    paths = ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
    return [*paths, f"{role}/."]

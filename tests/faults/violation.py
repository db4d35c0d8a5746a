"""What is raised when something that must hold does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from faults.world import World


class ViolationError(Exception):
    """Something that must hold did not; ``rule`` names it."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


def broken(world: World, rule: str, text: str) -> NoReturn:
    """Say so in the trace, and stop."""
    world.log("ORACLE", "%s: %s", rule, text)
    raise ViolationError(rule, text)

"""A bar of many parts, each with a sign of its own, so that it can be read without colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mesos_batch.model.facts import Phase


@dataclass(frozen=True, slots=True)
class Part:
    """Some phases told as one: a word, a sign for terminals with and without Unicode, a style."""

    word: str
    phases: tuple[Phase, ...]
    sign: str
    plain_sign: str
    style: str

    def sign_in(self, *, unicode: bool) -> str:
        """The sign for a terminal that takes more than ASCII, or one that does not."""
        return self.sign if unicode else self.plain_sign


PARTS = (
    Part("finished", (Phase.FINISHED,), "█", "#", "green"),
    Part(
        "failed",
        (Phase.FAILED, Phase.KILLED, Phase.LOST, Phase.ERROR, Phase.UNPLACEABLE),
        "▓",
        "x",
        "red",
    ),
    Part("skipped", (Phase.SKIPPED,), "▞", "\\", "yellow"),
    Part("cancelled", (Phase.CANCELLED,), "▚", "/", "yellow"),
    Part("running", (Phase.RUNNING,), "▒", "=", "cyan"),
    Part("starting", (Phase.LAUNCHED,), "░", "-", "blue"),
    Part("unreachable", (Phase.UNREACHABLE,), "?", "?", "yellow"),
    Part("waiting", (Phase.WAITING,), "·", ".", "dim"),
)


def part_counts(counts: Mapping[Phase, int]) -> list[tuple[Part, int]]:
    """How many tasks each part stands for."""
    return [(part, sum(counts.get(phase, 0) for phase in part.phases)) for part in PARTS]


def part_cells(counts: Mapping[Phase, int], width: int) -> list[tuple[Part, int]]:
    """How many cells of a bar of ``width`` cells each part gets."""
    cells = split_width([count for _, count in part_counts(counts)], width)
    return list(zip(PARTS, cells, strict=True))


def split_width(counts: list[int], width: int) -> list[int]:
    """Cells for each count: they add up to ``width``, and nothing that exists vanishes.

    Largest remainders get the cells that rounding down leaves; a count that would get none takes
    one from the largest.
    """
    total = sum(counts)
    if not total or width < sum(1 for count in counts if count):
        return [0] * len(counts)
    cells = [count * width // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -(counts[place] * width % total))
    for place in by_remainder[: width - sum(cells)]:
        cells[place] += 1
    for place, count in enumerate(counts):
        if count and not cells[place]:
            largest = max(range(len(cells)), key=cells.__getitem__)
            cells[largest] -= 1
            cells[place] += 1
    return cells


def gauge(part: float, whole: float, width: int, *, unicode: bool) -> str:
    """A bar of ``width`` cells for how much of something is used.

    Only what is unused looks empty, only what is used up looks full.
    """
    full, empty = ("━", "─") if unicode else ("#", "-")
    cells = round(width * part / whole) if whole > 0 else 0
    if part > 0:
        cells = max(cells, 1)
    if part < whole:
        cells = min(cells, width - 1)
    cells = max(0, min(cells, width))
    return full * cells + empty * (width - cells)

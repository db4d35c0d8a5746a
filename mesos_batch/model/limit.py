"""A limit that is a count or a share of all: ``20`` or ``5%``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``number``, or at most ``number`` percent."""

    number: float
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read ``20`` or ``5%``.

        Raises:
            ValueError: the text is neither; the message is a sentence for the user.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is neither a count such as 20 nor a share such as 5%")
        number, percent = float(match["number"]), match["percent"] == "%"
        if percent and number > 100:
            raise ValueError(f"{text} is more than 100%")
        if not percent and not number.is_integer():
            raise ValueError(f"'{text}' is not a whole number")
        return cls(number, percent)

    def exceeded_by(self, count: int, total: int) -> bool:
        """Whether ``count`` out of ``total`` is more than the limit allows."""
        return count > (self.number * total / 100 if self.percent else self.number)

    def __str__(self) -> str:
        return f"{self.number:g}%" if self.percent else f"{self.number:g}"

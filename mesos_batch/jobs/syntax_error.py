"""What is wrong with the text of a job file, whatever it is written in."""

from __future__ import annotations

DEEPEST = 50
TOO_DEEP = f"nested deeper than {DEEPEST} levels"


class JobSyntaxError(ValueError):
    """The text is not what it should be, from this offset on."""

    def __init__(self, offset: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint

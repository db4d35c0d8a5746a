"""The last resort: an error nobody expected becomes a saved report instead of a traceback."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from mesos_batch import __version__
from mesos_batch_cli.output.streams import say_error


def report(bug: BaseException) -> None:
    """Tell of a bug, and where what is needed to find it was saved."""
    path = _save(bug)
    message = f"internal error: {type(bug).__name__}: {bug}"
    if path is None:
        say_error(message, "This is a mistake in mesos-batch; its report could not be saved.")
    else:
        say_error(message, f"This is a mistake in mesos-batch; please send us {path}")


def _save(bug: BaseException) -> str | None:
    """Write a new file only we can read; ``None`` where no file can be written.

    Values of flags and of variables stay out of it, so that no secret gets in.
    """
    flags = [word.partition("=")[0] for word in sys.argv[1:] if word.startswith("--")]
    lines = [
        f"mesos-batch {__version__}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"flags {' '.join(flags)}",
        "",
        "".join(traceback.format_exception(bug)),
    ]
    try:
        handle, path = tempfile.mkstemp(prefix="mesos-batch-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(lines))
    except OSError:
        return None
    return path

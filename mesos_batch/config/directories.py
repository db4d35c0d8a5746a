"""Where each platform keeps the configuration of programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PROGRAM = "mesos-batch"


def home_directory() -> Path:
    """The home directory of the user; the root for a user without one."""
    try:
        return Path.home()
    except RuntimeError:
        # A number without a name has none.
        return Path("/")


def user_directory() -> Path:
    """Where this platform keeps the configuration of a user's programs.

    ``XDG_CONFIG_HOME`` counts everywhere.
    """
    if given := os.environ.get("XDG_CONFIG_HOME"):
        return Path(given) / _PROGRAM
    if sys.platform not in ("win32", "darwin"):
        # What platformdirs would say too, were it not for the 15 ms it takes to import.
        return home_directory() / ".config" / _PROGRAM
    from platformdirs import user_config_path

    return user_config_path(_PROGRAM, appauthor=False, roaming=True)


def system_directory() -> Path:
    """Where this platform keeps the configuration of programs for all users."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / _PROGRAM
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / _PROGRAM
    return Path("/etc") / _PROGRAM

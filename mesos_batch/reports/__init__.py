"""Reports of a run: a value in, a text out. Each format has a module of its own.

text = render("csv", read_history(find_run("last")))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory

_MODULES = {
    "html": "html.page",
    "junit": "junit",
    "csv": "csv_rows",
    "json": "json_document",
    "joblog": "joblog",
    "trace": "trace",
}


def render(name: str, history: RunHistory) -> str:
    """The report in the format of that name, one of ``config.report_settings.FORMATS``."""
    module = import_module(f"{__name__}.{_MODULES[name]}")
    return cast("str", module.render(history))

"""The settings of the commands on profiles, configuration, credentials and of ``doctor``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as run
from mesos_batch.config.connection_settings import PROFILE, TOKEN_FILE, WHO
from mesos_batch.config.setting import BOOLEAN, Group, Setting

_IN_PROFILE: tuple[Setting[Any], ...] = (
    *commands.OPTIONS,
    run.SECRET_FILE,
    TOKEN_FILE,
    run.ON_INTERRUPT,
    run.STATE_DIR,
)
# What a profile may say, by key, as flags of the command that writes it.
OF_PROFILE: dict[str, Setting[Any]] = {
    str(setting.key): replace(setting, from_env=False, shown_default="not in the profile")
    for setting in _IN_PROFILE
}
NONE: Setting[bool] = Setting(
    name="none",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.BATCH,
    help="Use no profile where none is asked for.",
)
ORIGIN: Setting[bool] = Setting(
    name="origin",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.OUTPUT,
    help="Show where each value comes from: file and line, or variable.",
)
AS_TOKEN: Setting[bool] = Setting(
    name="token",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.AUTHENTICATION,
    help="A token instead of the secret of a principal.",
)

PROFILE_ADD: tuple[Setting[Any], ...] = (*OF_PROFILE.values(), run.JSON, run.HELP)
PROFILE_LIST: tuple[Setting[Any], ...] = (run.JSON, run.COLOR, run.HELP)
PROFILE_SHOW: tuple[Setting[Any], ...] = (run.JSON, run.COLOR, run.HELP)
PROFILE_REMOVE: tuple[Setting[Any], ...] = (run.JSON, run.HELP)
PROFILE_USE: tuple[Setting[Any], ...] = (NONE, run.JSON, run.HELP)
CONFIG_SHOW: tuple[Setting[Any], ...] = (PROFILE, ORIGIN, run.JSON, run.COLOR, run.HELP)
CONFIG_PATH: tuple[Setting[Any], ...] = (run.JSON, run.HELP)
CREDENTIALS: tuple[Setting[Any], ...] = (
    run.MASTER,
    PROFILE,
    run.PRINCIPAL,
    AS_TOKEN,
    run.JSON,
    run.HELP,
)
CREDENTIALS_LIST: tuple[Setting[Any], ...] = (run.JSON, run.COLOR, run.HELP)
DOCTOR: tuple[Setting[Any], ...] = (
    run.MASTER,
    *WHO,
    run.STATE_DIR,
    run.JSON,
    run.COLOR,
    run.HELP,
)

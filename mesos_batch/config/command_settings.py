"""Which settings the commands take that drive runs or look at them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.config.connection_settings import HOW, PROFILE, TOKENS, WHO
from mesos_batch.config.dependency_settings import KEEP_GOING
from mesos_batch.config.output_settings import OUTPUT_DIR, STREAM_LOGS, TASK_OUTPUT
from mesos_batch.config.placement_settings import PLACEMENT
from mesos_batch.config.progress_settings import EVENTS, ONCE, PROGRESS
from mesos_batch.config.report_settings import REPORT, REPORT_NOW
from mesos_batch.config.setting import BOOLEAN, Group, Setting
from mesos_batch.config.settings import (
    CHECKPOINT,
    COLOR,
    CONTENT_TYPE,
    DETACH,
    FAILOVER_TIMEOUT,
    FRAMEWORK_CAPABILITIES,
    FRAMEWORK_NAME,
    HELP,
    JOURNAL,
    JSON,
    KILL_AFTER,
    LOCAL_AGENTS,
    LOCAL_CPUS,
    LOCAL_DISK,
    LOCAL_MEM,
    MASTER,
    MAX_ATTEMPTS,
    MAX_FAILURES,
    ON_INTERRUPT,
    PARTITION_AWARE,
    PRINCIPAL,
    QUIET,
    ROLE,
    SECRET,
    SECRET_FILE,
    STAGING_TIMEOUT,
    STATE_DIR,
    TASK_LIST,
    UNPLACEABLE_TIMEOUT,
    UNREACHABLE_TIMEOUT,
    USER,
    VERBOSE,
    VERSION,
)
from mesos_batch.config.volume_flags import ORIGINAL_VOLUMES, VOLUME_TIMEOUT

# What of them a run keeps.
_HOW_IT_RUNS: tuple[Setting[Any], ...] = (
    FRAMEWORK_NAME,
    ROLE,
    USER,
    CONTENT_TYPE,
    FRAMEWORK_CAPABILITIES,
    PARTITION_AWARE,
    CHECKPOINT,
    *PLACEMENT,
    KILL_AFTER,
    UNPLACEABLE_TIMEOUT,
    UNREACHABLE_TIMEOUT,
    STAGING_TIMEOUT,
    MAX_ATTEMPTS,
    MAX_FAILURES,
    KEEP_GOING,
)
_LOCAL: tuple[Setting[Any], ...] = (LOCAL_AGENTS, LOCAL_CPUS, LOCAL_MEM, LOCAL_DISK)
# How a command shows a run that it drives.
_SHOWN: tuple[Setting[Any], ...] = (
    REPORT,
    PROGRESS,
    EVENTS,
    JSON,
    COLOR,
    QUIET,
    VERBOSE,
    HELP,
)

RUN: tuple[Setting[Any], ...] = (
    MASTER,
    TASK_LIST,
    *WHO,
    *_HOW_IT_RUNS,
    *TASK_OUTPUT,
    DETACH,
    ON_INTERRUPT,
    FAILOVER_TIMEOUT,
    JOURNAL,
    STATE_DIR,
    *ORIGINAL_VOLUMES,
    VOLUME_TIMEOUT,
    *_LOCAL,
    *_SHOWN,
    VERSION,
)

# What 'resume' and 'retry' take from the run, whatever the environment says of other runs.
_OF_THE_RUN = "that of the run"
MOVED_MASTER = replace(
    MASTER,
    from_env=False,
    shown_default=_OF_THE_RUN,
    help="Where the cluster is now, when that has changed, or the zk:// address of the run with "
    "its credentials, which are not kept.",
)
RESUME: tuple[Setting[Any], ...] = (
    MOVED_MASTER,
    PROFILE,
    SECRET,
    SECRET_FILE,
    STREAM_LOGS,
    replace(OUTPUT_DIR, from_env=False, shown_default=_OF_THE_RUN),
    *TOKENS,
    *(replace(option, from_env=False, shown_default=_OF_THE_RUN) for option in HOW),
    ON_INTERRUPT,
    STATE_DIR,
    *_SHOWN,
)
FAILED: Setting[bool] = Setting(
    name="failed",
    kind=BOOLEAN,
    default=False,
    shown_default="true unless --unfinished",
    from_env=False,
    group=Group.BATCH,
    help="Run the tasks that failed, were killed, lost, refused or skipped, or fit no agent, and "
    "the 'always' tasks that follow them.",
)
UNFINISHED: Setting[bool] = Setting(
    name="unfinished",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.BATCH,
    help="Run every task that did not finish, cancelled ones too.",
)
OPTIONS: tuple[Setting[Any], ...] = (
    MASTER,
    PRINCIPAL,
    *HOW,
    *_HOW_IT_RUNS,
    FAILOVER_TIMEOUT,
    VOLUME_TIMEOUT,
    *_LOCAL,
)
RETRY: tuple[Setting[Any], ...] = (
    FAILED,
    UNFINISHED,
    PROFILE,
    *(replace(option, from_env=False, shown_default=_OF_THE_RUN) for option in OPTIONS),
    SECRET,
    SECRET_FILE,
    *TASK_OUTPUT,
    *TOKENS,
    DETACH,
    ON_INTERRUPT,
    JOURNAL,
    STATE_DIR,
    *_SHOWN,
)
RUNS: tuple[Setting[Any], ...] = (STATE_DIR, JSON, COLOR, HELP)
STATUS: tuple[Setting[Any], ...] = (STATE_DIR, JSON, COLOR, VERBOSE, HELP)
EXPLAIN: tuple[Setting[Any], ...] = (
    MASTER,
    *WHO,
    STATE_DIR,
    JSON,
    HELP,
)
REPORT_COMMAND: tuple[Setting[Any], ...] = (REPORT_NOW, STATE_DIR, JSON, HELP)
WAIT: tuple[Setting[Any], ...] = (STATE_DIR, PROGRESS, JSON, COLOR, QUIET, VERBOSE, HELP)
TOP: tuple[Setting[Any], ...] = (STATE_DIR, ONCE, JSON, COLOR, VERBOSE, HELP)
_NOT_OF_CANCEL = {setting.name for setting in (ON_INTERRUPT, STREAM_LOGS, OUTPUT_DIR, REPORT)}
CANCEL: tuple[Setting[Any], ...] = tuple(
    setting for setting in RESUME if setting.name not in _NOT_OF_CANCEL
)

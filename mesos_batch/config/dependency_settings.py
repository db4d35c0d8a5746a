"""The setting of a run that is about what the failure of one task means for the others."""

from __future__ import annotations

from mesos_batch.config.setting import BOOLEAN, Group, Setting

KEEP_GOING: Setting[bool] = Setting(
    name="keep_going",
    kind=BOOLEAN,
    default=True,
    group=Group.FAILURES,
    help="Go on when a task has failed, with all tasks that do not depend on it. With "
    "--no-keep_going nothing more is launched then but 'always' tasks; what runs may end.",
)

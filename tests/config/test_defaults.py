"""Defaults of flags are those of the library."""

import pytest

from mesos_batch.api import LocalOptions, RunOptions
from mesos_batch.config import command_settings as commands
from mesos_batch.config import local_settings as cluster
from mesos_batch.config import placement_settings as placement
from mesos_batch.config import settings as the
from mesos_batch.config.setting import Setting
from mesos_batch.config.volume_flags import VOLUME_TIMEOUT

# What the original's --help says (shared with every script that relies on it).
ORIGINAL = {
    "master": None,
    "task_list": None,
    "content_type": "protobuf",
    "framework_name": "mesos-batch instance",
    "framework_capabilities": (),
    "role": "*",
    "principal": None,
    "secret": None,
    "checkpoint": False,
    "kill_after": None,
    "partition_aware": True,
    "persistent_volume": False,
    "persistent_volume_resource": None,
    "remove_persistent_volume": False,
    "help": False,
}


def test_every_flag_of_the_original_is_there_with_its_default() -> None:
    ours = {setting.name: setting.default for setting in commands.RUN}
    assert {name: ours.get(name, "missing") for name in ORIGINAL} == ORIGINAL


@pytest.mark.parametrize(
    "setting",
    [
        the.FRAMEWORK_NAME, the.ROLE, the.USER, the.PRINCIPAL, the.SECRET, the.CONTENT_TYPE,
        the.FRAMEWORK_CAPABILITIES, the.CHECKPOINT, the.PARTITION_AWARE, the.KILL_AFTER,
        the.UNPLACEABLE_TIMEOUT, the.UNREACHABLE_TIMEOUT, the.STAGING_TIMEOUT,
        the.MAX_ATTEMPTS, the.MAX_FAILURES, the.FAILOVER_TIMEOUT, VOLUME_TIMEOUT,
        placement.MAX_RUNNING, placement.EXECUTOR, placement.REVIVE_INTERVAL,
    ],
    ids=lambda setting: setting.name,
)  # fmt: skip
def test_a_run_has_the_defaults_of_the_library(setting: Setting[object]) -> None:
    assert setting.default == getattr(RunOptions(master="local"), setting.name)


def test_a_run_has_no_constraints_but_those_given() -> None:
    assert placement.CONSTRAINT.default == RunOptions(master="local").constraints


@pytest.mark.parametrize(
    "setting",
    [
        cluster.AGENTS, cluster.CPUS, cluster.MEM, cluster.DISK, cluster.GPUS, cluster.ATTRIBUTES,
        cluster.PORT, cluster.WORK_DIR, cluster.AUTHENTICATE, cluster.ALLOCATION_INTERVAL,
        cluster.ZK, cluster.ZK_SESSION_TIMEOUT, cluster.MASTER, cluster.AGENT_PING_TIMEOUT,
        cluster.MAX_AGENT_PING_TIMEOUTS, cluster.AGENT_REREGISTER_TIMEOUT,
    ],
    ids=lambda setting: setting.name,
)  # fmt: skip
def test_a_local_cluster_has_the_defaults_of_the_library(setting: Setting[object]) -> None:
    assert setting.default == getattr(LocalOptions(), setting.name)


def test_flags_of_both_commands_agree() -> None:
    pairs = [
        (the.LOCAL_AGENTS, cluster.AGENTS),
        (the.LOCAL_CPUS, cluster.CPUS),
        (the.LOCAL_MEM, cluster.MEM),
        (the.LOCAL_DISK, cluster.DISK),
    ]
    for run, local in pairs:
        assert (run.default, run.env) == (local.default, local.env)

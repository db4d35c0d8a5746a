"""Flags win over variables, variables over defaults."""

import pytest
from mesos_batch_cli.values import Origin, Values

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
from mesos_batch.config.placement_settings import CONSTRAINT
from mesos_batch.errors import UsageError


def test_a_flag_wins_over_its_variable_and_that_over_the_default() -> None:
    environment = {"MESOS_BATCH_ROLE": "from-variable", "MESOS_BATCH_USER": "from-variable"}

    values = Values(["--role=from-flag"], environment, commands.RUN)

    assert (values[the.ROLE], values.origin(the.ROLE)) == ("from-flag", Origin.FLAG)
    assert (values[the.USER], values.origin(the.USER)) == ("from-variable", Origin.ENVIRONMENT)
    assert (values[the.CHECKPOINT], values.origin(the.CHECKPOINT)) == (False, Origin.DEFAULT)
    assert (values.from_flag(the.ROLE), values.from_environment(the.ROLE)) == ("from-flag", None)


def test_the_master_has_the_variable_of_mesos() -> None:
    assert Values([], {"MESOS_MASTER": "h:5050"}, commands.RUN)[the.MASTER] == "h:5050"


def test_an_empty_variable_is_not_set() -> None:
    assert Values([], {"MESOS_BATCH_CHECKPOINT": ""}, commands.RUN)[the.CHECKPOINT] is False


def test_variables_are_read_like_flags() -> None:
    environment = {"MESOS_BATCH_CHECKPOINT": "1", "MESOS_BATCH_KILL_AFTER": "2mins"}

    values = Values([], environment, commands.RUN)

    assert values[the.CHECKPOINT] is True
    assert values[the.KILL_AFTER] == 120.0


def test_what_is_wrong_is_told_with_its_source() -> None:
    with pytest.raises(UsageError, match=r"^--kill_after: '5' has no unit"):
        Values(["--kill-after=5"], {}, commands.RUN)
    with pytest.raises(UsageError, match=r"^MESOS_BATCH_KILL_AFTER: '5' has no unit"):
        Values([], {"MESOS_BATCH_KILL_AFTER": "5"}, commands.RUN)


def test_help_and_version_have_no_variable() -> None:
    values = Values([], {"MESOS_BATCH_HELP": "true", "MESOS_BATCH_VERSION": "true"}, commands.RUN)

    assert not values[the.HELP]
    assert not values[the.VERSION]


def test_constraints_of_flags_add_up_and_win_over_the_variable() -> None:
    environment = {"MESOS_BATCH_CONSTRAINT": "hostname:unique;rack:in:r1,r2"}
    flags = ["--constraint=gpu:like:a.*", "--constraint=rack:not:r3"]

    variable, flag = (Values(given, environment, commands.RUN)[CONSTRAINT] for given in ([], flags))

    assert [str(each) for each in variable] == ["hostname:unique", "rack:in:r1,r2"]
    assert [str(each) for each in flag] == ["gpu:like:a.*", "rack:not:r3"]
    with pytest.raises(UsageError, match=r"^--constraint: 'rack' is not a constraint; write "):
        Values(["--constraint=gpu:unique", "--constraint=rack"], {}, commands.RUN)

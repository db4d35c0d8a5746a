"""Every state and reason of Mesos has a sentence."""

import pytest

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.messages import REASONS, STATES, explain, refusal

# They tell of a change, not of an end, and come with a state that says all.
NO_END = {
    "REASON_RECONCILIATION",
    "REASON_AGENT_REREGISTERED",
    "REASON_TASK_CHECK_STATUS_UPDATED",
    "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
}
# Still in the enum, sent by no version since 1.0.
UNUSED = {
    "REASON_EXECUTOR_UNREGISTERED",
    "REASON_INVALID_FRAMEWORKID",
    "REASON_TASK_UNKNOWN",
}


def test_every_state_has_a_sentence() -> None:
    assert set(STATES) == set(pb.TaskState.keys())


def test_every_reason_that_ends_a_task_has_a_sentence() -> None:
    assert set(REASONS) == set(pb.TaskStatus.Reason.keys()) - NO_END - UNUSED


@pytest.mark.parametrize("table", [STATES, REASONS], ids=["states", "reasons"])
def test_sentences_have_no_full_stop_and_hints_have_one(table) -> None:
    for explanation in table.values():
        assert explanation.sentence[0].isupper()
        assert not explanation.sentence.endswith(".")
        assert explanation.hint is None or explanation.hint.endswith(".")


def test_the_clusters_own_words_come_first() -> None:
    said = explain("TASK_FAILED", "REASON_EXECUTOR_TERMINATED", "Executor terminated")

    assert said.sentence == "Executor terminated"
    assert "stderr" in (said.hint or "")


def test_what_stands_in_for_missing_words() -> None:
    assert explain("TASK_FAILED", "REASON_GC_ERROR", None) == REASONS["REASON_GC_ERROR"]
    assert explain("TASK_ERROR", None, "").sentence == STATES["TASK_ERROR"].sentence
    assert explain(None, None, None).sentence == "The cluster gave no reason"


def test_well_known_exit_statuses_and_signals_have_hints() -> None:
    assert "not found" in (explain("TASK_FAILED", None, "m", exit_status=127).hint or "")
    assert "memory" in (explain("TASK_FAILED", None, "m", signal="Killed").hint or "")
    assert explain("TASK_FAILED", None, "m", exit_status=1).hint is None


DENIED = 'Principal \'bob\' no authorized to perform action CREATE_VOLUME on object {"value":"t"}'
AGENT = "; on agent 3920aef0-S0 at slave(1)@127.0.0.1:36035 (127.0.0.1)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (DENIED, "principal 'bob' may not create volume: an ACL of the master forbids it"),
        ("Persistence ID 'x' is not unique" + AGENT, "Persistence ID 'x' is not unique"),
        ("Persistent volumes in use", "Persistent volumes in use"),
    ],
)
def test_a_refusal_in_few_words(said: str, told: str) -> None:
    assert refusal(said) == told

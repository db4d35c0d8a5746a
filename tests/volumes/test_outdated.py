"""A run that was to destroy a volume does not destroy another one that came after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from volumes.clusters import disk, some, volume
from volumes.kept import Kept, make, undo

from mesos_batch.errors import RefusedError
from mesos_batch.journal import find_run
from mesos_batch.model.change import ChangePhase
from mesos_batch.volumes import refuse_outdated

V, W = volume("v", 100), volume("w", 50)
MADE = make(some(disk(100)), some(V))
UNDONE = undo(some(disk(100)), some(V))
NEVER_BEGUN = replace(UNDONE, sent=(), phase=ChangePhase.WAITING)


def refuse(kept: Kept, run_id: str) -> None:
    refuse_outdated(find_run(kept.state_dir, run_id), kept.state_dir)


def test_what_was_created_anew_since_stays(kept: Kept) -> None:
    kept.run(MADE)
    stopped = kept.run(NEVER_BEGUN, state="stopped")
    kept.run(UNDONE)
    anew = kept.run(MADE)

    with pytest.raises(RefusedError, match=f"volume v, and run {anew} has created it anew"):
        refuse(kept, stopped)


def test_what_it_was_to_destroy_still_goes(kept: Kept) -> None:
    kept.run(MADE)
    stopped = kept.run(NEVER_BEGUN, state="stopped")
    kept.run(make(some(disk(50)), some(W)))

    refuse(kept, stopped)


def test_what_it_has_destroyed_itself_may_come_again(kept: Kept) -> None:
    kept.run(MADE)
    half = replace(UNDONE, sent=UNDONE.sent[:1], phase=ChangePhase.WAITING)
    stopped = kept.run(half, state="stopped")
    kept.run(MADE)

    refuse(kept, stopped)

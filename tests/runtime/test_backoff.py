"""Pauses between tries: they double, spread, have a longest, and begin anew."""

import random
from itertools import pairwise

from mesos_batch.runtime.backoff import FIRST, LONGEST, Backoff


def test_pauses_double_up_to_the_longest_and_spread() -> None:
    pauses = [pause for seed in range(50) for pause in first_ten(seed)]
    firsts, lasts = pauses[::10], pauses[9::10]

    assert all(FIRST / 2 <= pause <= FIRST for pause in firsts)
    assert all(LONGEST / 2 <= pause <= LONGEST for pause in lasts)
    assert len(set(firsts)) == len(firsts)
    assert all(one <= other for one, other in pairwise(first_ten(1)[:6]))


def first_ten(seed: int) -> list[float]:
    backoff = Backoff(random.Random(seed))
    return [backoff.next() for _ in range(10)]


def test_what_held_longer_than_the_pause_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(3):
        backoff.next()

    backoff.held_for(8 * FIRST - 0.01)
    assert backoff.next() >= 4 * FIRST
    backoff.held_for(16 * FIRST)
    assert backoff.next() <= FIRST

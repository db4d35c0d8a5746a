"""Payloads that are kept as what differs from others, and texts that are kept once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.model.sharing import Payloads, Texts, unpack

LONG = random.Random(1).randbytes(1000)

# Of these a payload is already half as long without any other.
WORDS = [b"word %x " % random.Random(number).getrandbits(40) for number in range(200)]


@given(st.lists(st.one_of(st.binary(max_size=600), st.binary(max_size=8).map(LONG.__add__))))
def test_every_payload_comes_back(payloads: list[bytes]) -> None:
    known = Payloads()

    packed = [known.pack(payload) for payload in payloads]

    assert [unpack(*each) for each in packed] == payloads


@pytest.mark.parametrize("kinds", [1, 3, 20])
@pytest.mark.parametrize("words", [WORDS, [bytes([byte]) for byte in range(256)]])
def test_what_earlier_payloads_said_takes_no_memory(kinds: int, words: list[bytes]) -> None:
    same = [b"".join(random.Random(kind).choices(words, k=1000)) for kind in range(kinds)]
    same = [each[:1000] for each in same]
    known = Payloads()

    packed = [known.pack(b"%d" % i + same[i % kinds] + b"%d" % i) for i in range(100)]

    assert all(len(kept) < 50 for kept, _ in packed[kinds:])
    assert len({id(like) for _, like in packed[kinds:]}) == 1


def test_payloads_longer_than_deflate_looks_back_are_kept() -> None:
    long = random.Random(2).randbytes(100_000)
    known = Payloads()

    assert [unpack(*known.pack(long)) for _ in range(3)] == [long] * 3


def test_equal_texts_are_one_object() -> None:
    texts = Texts()
    first = texts.share("".join(["a", "b"]))

    assert texts.share("".join(["a", "b"])) is first
    assert [texts.share(str(number)) for number in range(20_000)] == [
        str(number) for number in range(20_000)
    ]

"""Set resources behave as sets of names."""

from hypothesis import given
from resource_strategies import items

from mesos_batch.model.items import Items


@given(items, items)
def test_is_a_set_of_names(a: Items, b: Items) -> None:
    assert (a + b).names == a.names | b.names
    assert (a - b).names == a.names - b.names
    assert a.contains(b) == (b.names <= a.names)
    assert a.is_empty == (not a.names)


def test_text_is_sorted() -> None:
    assert str(Items.of(["b", "a", "b"])) == "{a, b}"

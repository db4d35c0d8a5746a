"""Whatever stands in a job file, it comes to tasks or to problems, and never to a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jobs.job_files import NOWHERE, problems

from mesos_batch.jobs import schema
from mesos_batch.jobs.document import Syntax
from mesos_batch.spec.fields import TASK

FIELDS = sorted(
    {name for part in (schema.JobFile, *schema.PARTS.values()) for name in schema.names_of(part)}
    | set(TASK)
)
TEXTS = (
    *("", "a", "{{ item }}", "{{ a }}", "{{ x.y }}", "{% for", "{{ 1 / 0 }}", "\0", "\ud800"),
    *("90secs", "-1secs", "rack:equals:r1", "ports:[1-2]", "stdin", "*", "docker", "9" * 5000),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([1e400, -0.5, 10**30])
    | st.sampled_from(TEXTS)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.sampled_from(TEXTS), inner, max_size=4)
    ),
    max_leaves=15,
)
tasks = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6).map(
    lambda fields: {"name": "t", "command": "x", "cpus": 1, **fields}
)
files = st.fixed_dictionaries(
    {"tasks": st.lists(tasks, max_size=3)}, optional={"defaults": values, "vars": values}
)


@settings(max_examples=80)
@given(files | values)
def test_any_value_is_a_job_file_or_has_problems(value: Any) -> None:
    text = json.dumps(value)

    for syntax in (Syntax.JSON, Syntax.YAML):
        for line in problems(text, NOWHERE, stdin=["a\n"], syntax=syntax):
            assert line.startswith("job")


@settings(max_examples=80)
@given(st.text(st.sampled_from("ab:-[]{}'\"#&*!|>%@`,?.=\n \t0"), max_size=30))
def test_any_text_is_a_job_file_or_has_problems(text: str) -> None:
    for syntax in Syntax:
        assert all(line.startswith("job") for line in problems(text, syntax=syntax))


def test_a_number_of_thousands_of_digits_is_no_number() -> None:
    for syntax in (Syntax.YAML, Syntax.TOML):
        digits = "9" * 5000
        text = f"a: {digits}" if syntax is Syntax.YAML else f"a = {digits}"
        assert problems(text, syntax=syntax)

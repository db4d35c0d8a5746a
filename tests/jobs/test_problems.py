"""Every mistake in a job file, with its place and what to do about it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jobs.job_files import DEFAULTS, problems

from mesos_batch.jobs.document import Syntax

MISTAKES = """\
default: {mem: 64}
vars: {index: 1}
tasks:
  - name: tile
    foreach: {csvv: tiles.csv}
    cpu: 1
    command: {}
    timeout: 10s
    uris: [{x: 1}]
    matrix: {a: [], b: ['{{ x }}']}
    depends_on: {}
    constraints: hostname:foo
    resources: 'a:1;b:2'
  - 3
  - {nam: x, health_check: {}, containerizer: dockr, memory: 64, cpus: '1 GB', foreach: {}}
  - {name: y, environment: [1], volumes: {id: 1}, retries: -1, always: 'yes', priority: 1.5}
  - {name: z, command: '{{ x', mem: .inf, foreach: {range: {from: a, to: 3, step: 0}}}
"""
TOLD = """\
job:1:1: error: default: unknown field (did you mean defaults?)
job:2:8: error: vars.index: 'index' is a name that every template has already
job:5:15: error: tasks[0].foreach.csvv: unknown field (did you mean csv?)
job:6:5: error: tasks[0].cpu: unknown field (did you mean cpus?)
job:7:14: error: tasks[0].command: expected a command line, or a list of its words, not an object
job:8:14: error: tasks[0].timeout: '10s' has unit 's'; the units are ns, us, ms, secs, mins, hrs, \
days, weeks (did you mean 10secs?)
job:9:12: error: tasks[0].uris[0].value: the field is missing
job:9:13: error: tasks[0].uris[0].x: unknown field (allowed here: value, executable, extract, \
cache, output_file)
job:10:17: error: tasks[0].matrix.a: the list is empty
job:10:25: error: tasks[0].matrix.b[0]: a constant must not be a template
job:11:17: error: tasks[0].depends_on[0]: expected text, not an object
job:12:18: error: tasks[0].constraints[0]: 'foo' in 'hostname:foo' is not one of equals, not, \
like, unlike, in, unique, group_by, max_per (did you mean hostname:equals:foo?)
job:13:16: error: tasks[0].resources[0]: 'a:1;b:2' is 2 resources; write a list of texts
job:14:5: error: tasks[1]: expected an object, not the number 3
job:15:6: error: tasks[2].nam: unknown field (did you mean name?)
job:15:14: error: tasks[2].health_check: unknown field (fields of TaskInfo stand in task_info)
job:15:47: error: tasks[2].containerizer: expected 'docker' or 'mesos', not the text "dockr"
job:15:54: error: tasks[2].memory: unknown field (did you mean mem?)
job:15:72: error: tasks[2].cpus: expected a number, not the text "1 GB"
job:15:89: error: tasks[2].foreach: expected one of csv, json_lines, lines, glob and range
job:16:28: error: tasks[3].environment: expected an object, not an array \
(write {NAME: value})
job:16:42: error: tasks[3].volumes: expected a list, not an object (write a list, such as \
[{id: tiles}])
job:16:60: error: tasks[3].retries: -1 is not between 0 and 999999998
job:16:72: error: tasks[3].always: expected true or false, not the text "yes"
job:16:89: error: tasks[3].priority: expected a whole number, not the number 1.5
job:17:24: error: tasks[4].command: the template is wrong: unexpected end of template, expected \
'}}' ({{ stays as it is between {% raw %} and {% endraw %})
job:17:37: error: tasks[4].mem: inf is not a finite number
job:17:67: error: tasks[4].foreach.range.from: expected a whole number, not the text "a"
job:17:83: error: tasks[4].foreach.range.step: expected 1 or more, not the number 0
"""


def test_all_mistakes_of_the_file_are_told_at_once() -> None:
    assert problems(MISTAKES) == TOLD.splitlines()


IN_TOML = """\
[defaults]
mem = "64MB"   # text
[[tasks]]
name = '''a
b'''
foreach = {csvv = "x"}
[[tasks]]
name = "b"
cpus = [1,
  2]
environment.A = {x = 1}
[tasks.labels]
"odd name" = []
[[tasks.volumes]]
id = "v"
sise = 1
"""


def test_positions_in_toml() -> None:
    assert problems(IN_TOML, syntax=Syntax.TOML) == [
        'job:2:7: error: defaults.mem: expected a number, not the text "64MB"',
        "job:6:12: error: tasks[0].foreach.csvv: unknown field (did you mean csv?)",
        "job:9:8: error: tasks[1].cpus: expected a number, not an array",
        "job:11:17: error: tasks[1].environment.A: expected text, not an object",
        'job:13:14: error: tasks[1].labels["odd name"]: expected text, not an array',
        "job:16:1: error: tasks[1].volumes[0].sise: unknown field (did you mean size?)",
    ]


def test_positions_in_json() -> None:
    text = '{"defaults": {"mem": "64MB"},\n "tasks": [{"name": "a",\n  "cpu": 1}]}'
    assert problems(text, syntax=Syntax.JSON) == [
        'job:1:22: error: defaults.mem: expected a number, not the text "64MB"',
        "job:3:3: error: tasks[0].cpu: unknown field (did you mean cpus?)",
    ]


def test_what_only_rows_can_get_wrong_names_the_first_and_counts_the_rest(tmp_path: Path) -> None:
    (tmp_path / "tiles.csv").write_text(
        "tile,cpus,retries\nA,1,1\nB,lots,1\nC,-1,x\nD,many,1\n", encoding="utf-8"
    )
    text = """\
defaults: {mem: 32}
tasks:
  - name: tile
    foreach: {csv: tiles.csv}
    command: do {{ tle }}
    cpus: "{{ cpus }}"
    retries: "{{ retries }}"
    labels: {a: "{{ tile.no() }}"}
  - name: other
    matrix: {zoom: [1, 2], x: [3]}
    cpus: 1
    command: echo {{ 1 // (zoom - 2) }}
"""
    assert problems(text, tmp_path) == [
        (
            "job:5:14: error: tasks[0].command: there is no 'tle' here, for tiles.csv:2 and 3 more"
            " (did you mean tile?)"
        ),
        (
            'job:6:11: error: tasks[0].cpus: expected a number, not the text "lots", for'
            " tiles.csv:3 and 1 more"
        ),
        (
            'job:7:14: error: tasks[0].retries: expected a whole number, not the text "x", for'
            " tiles.csv:4"
        ),
        (
            "job:8:17: error: tasks[0].labels.a: the template cannot be rendered: 'str object' has"
            " no attribute 'no', for tiles.csv:2 and 3 more"
        ),
        (
            "job:12:14: error: tasks[1].command: the template cannot be rendered: integer division"
            " or modulo by zero, for zoom=2, x=3"
        ),
    ]


def test_tasks_are_checked_as_those_of_a_list_at_the_place_they_come_from() -> None:
    text = """\
defaults: {cpus: -1, mem: 32}
tasks:
  - {name: same, command: x}
  - {name: other, command: x, task_id: same}
  - {name: no command}
  - {name: many, task_id: "{{ item }}", foreach: [a/b, c, d/e], command: x, cpus: 1}
  - {name: t, command: x, cpus: 1, task_info: {helth_check: {}, labels: {labels: [{key: 1}]}}}
  - {name: u, priority: 1, command: x, task_info: {labels: {labels: [{key: mesos_batch.prio}]}}}
  - {name: v, image: '', cpus: 1, user: bob, volumes: [{id: a, path: b/c}]}
"""
    assert problems(text) == [
        (
            "job:1:18: error: defaults.cpus: -1 cpus is less than nothing (leave the resource out"
            " if the task needs none)"
        ),
        (
            "job:4:40: error: tasks[1].task_id: 'same' is already the id of another task in line 3"
            " (every task needs an id of its own)"
        ),
        (
            'job:5:5: error: tasks[2]: a task needs a command or an executor (add "command":'
            ' {"value": ...})'
        ),
        "job:6:27: error: tasks[3].task_id: '/' is not allowed in an id, for foreach[0] and 1 more",
        (
            "job:7:48: error: tasks[4].task_info.helth_check: unknown field (did you mean"
            " health_check?)"
        ),
        "job:7:89: error: tasks[4].task_info.labels.labels[0].key: expected text, not the number 1",
        (
            "job:8:76: error: tasks[5].task_info.labels.labels[0].key: mesos-batch knows no label"
            " 'mesos_batch.prio' (did you mean mesos_batch.priority?)"
        ),
        "job:9:22: error: tasks[6].image: the name of the image is empty",
        (
            "job:9:70: error: tasks[6].volumes[0].path: agents skip a volume whose path has a slash"
            " ('b/c') (give one name; it appears under it in the sandbox)"
        ),
    ]


def test_of_an_id_given_twice_the_line_of_the_other_is_told_and_then_the_row() -> None:
    text = f"""\
{DEFAULTS}tasks:
- {{name: t, task_id: b, command: x}}
- {{name: u, task_id: "{{{{ item }}}}", foreach: [a, b, c, c], command: x}}
"""
    (told,) = problems(text)
    assert told.split("tasks[1].task_id: ")[1] == (
        "'b' is already the id of another task in line 3, for foreach[1] and 1 more (every task"
        " needs an id of its own)"
    )


@pytest.mark.parametrize(
    "many",
    [
        "foreach: {range: {from: 1, to: 10000001}}",
        f"foreach: {{range: {{from: -5, to: 5000005, step: 5}}}}, matrix: {{a: {[1] * 11}}}",
        f"matrix: {{{', '.join(f'a{n}: [1, 2]' for n in range(24))}}}",
    ],
)
def test_more_tasks_than_anybody_could_mean_are_not_begun(many: str) -> None:
    (told,) = problems(f"{DEFAULTS}tasks: [{{name: t, command: x, {many}}}]")
    assert "tasks are too many; an entry can make 10,000,000" in told


def test_what_the_rows_do_not_decide_is_told_once_and_without_a_row() -> None:
    text = f"{DEFAULTS}tasks: [{{name: t, cpus: -1, foreach: [1, 2, 3]}}]"
    (told,) = problems(text)
    assert told.endswith(
        "-1 cpus is less than nothing (leave the resource out if the task needs none)"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("foreach: {csv: no.csv}", "foreach: 'no.csv' cannot be read: No such file or directory"),
        ("foreach: {csv: '{{ x }}'}", "foreach: there is no 'x' here"),
        ("foreach: {csv: a, lines: b}", "foreach: expected one of csv, json_lines, lines"),
        ("foreach: {lines: b, delimiter: ';'}", "foreach: delimiter belongs to csv"),
        ("foreach: []", "foreach: the list is empty"),
        ("foreach: 7", "foreach: expected an object, not the number 7 (write a list, or"),
        ("foreach: {csv: null}", "foreach: expected one of csv, json_lines, lines, glob and range"),
        (
            "foreach: {csv: a, delimiter: '::'}",
            'foreach.delimiter: expected one character, not the text "::"',
        ),
        ("timeout: 0secs", "timeout: '0secs' is not more than zero; leave it out"),
        ("command: '{{ a.b }}'\n  foreach: [{a: {c: 1}}]", "command: the object has no field 'b'"),
        ("containerizer: mesos", "containerizer: there is no image to run in (add image)"),
        ("command: []", "command: the list is empty"),
        ("matrix: {'a b': [1]}", "matrix[\"a b\"]: 'a b' is no name that a template could use"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, line: str, told: str) -> None:
    text = f"defaults: {{cpus: 1, mem: 32}}\ntasks:\n- name: t\n  {line}\n"
    (problem,) = problems(text + ("" if "command" in line else "  command: x\n"), tmp_path)
    assert f"error: tasks[0].{told}" in problem


def test_a_name_with_nothing_below_it_is_there_and_empty() -> None:
    text = "defaults:\nvars:\n  # a: 1\ntasks:\n- {name: t, cpus: 1, mem: 32, command: x}\n"
    assert problems(text) == []
    assert problems("\n  \ntasks:\n\n\nvars: {a: 1}\n") == [
        "job:3:1: error: tasks: expected a list, not null"
    ]


def test_a_name_comes_from_one_place() -> None:
    text = f"vars: {{zoom: 1}}\n{DEFAULTS}tasks: [{{name: t, matrix: {{zoom: [1]}}}}]"
    assert problems(text) == [
        (
            "job:3:28: error: tasks[0].matrix.zoom: 'zoom' is the name of a constant already in"
            " line 1 (call one of them otherwise)"
        )
    ]
    text = f"{DEFAULTS}tasks: [{{name: t, matrix: {{zoom: [1]}}, foreach: [{{zoom: 2}}]}}]"
    (told,) = problems(text)
    assert "the row gives 'zoom', which has another meaning already" in told


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{% for a in range(10 ** 9) %}{% endfor %}",
        "{{ 'x' * 10 ** 8 }}",
        "{{ 10 ** 10 ** 5 }}",
        "{% for a in range(2000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ row.update({'a': 1}) }}",
    ],
)
def test_a_template_gets_no_further_than_its_text(template: str) -> None:
    text = f'{DEFAULTS}tasks: [{{name: t, foreach: [{{a: 1}}], command: "{template}"}}]'
    (told,) = problems(text)
    assert "the template cannot be rendered: " in told


def test_what_depends_on_an_entry_without_rows_is_told_so() -> None:
    text = f"""\
{DEFAULTS}tasks:
- {{name: after, depends_on: [before, t]}}
- {{name: before}}
- {{name: t, foreach: {{range: {{from: 1, to: 0}}}}}}
"""
    first, second = problems(text)
    assert "tasks[0].depends_on[1]: no task has the id or the name 't' (that is tasks[2]" in first
    assert "tasks[2].foreach: there are no rows" in second


def test_a_mistake_in_what_task_info_replaces_is_told_there() -> None:
    text = f"{DEFAULTS}tasks: [{{name: t, cpus: 2, task_info: {{resources: {{name: x}}}}}}]"
    first, *_ = problems(text)
    assert first.startswith("job:2:51: error: tasks[0].task_info.resources")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "the template is nested too deeply"),
        ("{{ " + "(index + " * 250 + "1" + ")" * 250 + " }}", "the template is nested too deeply"),
        ("{{ 'x'.ljust(10 ** 13) }}", "cannot be rendered: it takes too much memory"),
        ("{{ 1 | frist }}", "the template is wrong: no filter named 'frist'"),
    ],
)
def test_a_template_that_is_too_much_is_told(template: str, told: str) -> None:
    (problem,) = problems(f'{DEFAULTS}tasks: [{{name: t, command: "{template}"}}]')
    assert problem.endswith(told)


def test_a_row_is_counted_once_whatever_it_is_used_for(tmp_path: Path) -> None:
    half = r'"\ud800"'
    (tmp_path / "rows").write_text(f'{half}\n"a"\n{half}\n', encoding="utf-8")
    # The name is part of the id.
    text = f'{DEFAULTS}tasks: [{{name: "{{{{ item }}}}", foreach: {{json_lines: rows}}}}]'
    (told,) = problems(text, tmp_path)
    assert told.endswith("half of a surrogate pair is no character, for rows:1 and 1 more")


@pytest.mark.skipif(sys.platform != "linux", reason="names are text on other systems")
def test_a_file_whose_name_is_no_text_makes_no_task(tmp_path: Path) -> None:
    (tmp_path / "ok.tif").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/K\xf6ln.tif")).touch()
    text = f"{DEFAULTS}tasks: [{{name: t, foreach: {{glob: '*.tif'}}, task_id: '{{{{ name }}}}'}}]"
    (told,) = problems(text, tmp_path)
    assert "tasks[0].foreach: the name of the file is not UTF-8, for K" in told

"""What may be in a job file: the one schema of validation, editors and ``docs/job-files.md``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from mesos_batch.jobs import values as kinds
from mesos_batch.jobs.templates import RESERVED, is_template

STDIN = ("stdin", "-")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _json(kind: kinds.Kind) -> WithJsonSchema:
    return WithJsonSchema(dict(kind.schema))


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _not_a_template(value: object) -> object:
    """Refuse templates where values for templates are given."""
    if is_template(value):
        raise ValueError("a constant must not be a template")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        _not_a_template(item)
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"'{value}' is no name that a template could use")
    if value in RESERVED:
        raise ValueError(f"'{value}' is a name that every template has already")
    return value


def _not_empty(value: list[Any]) -> list[Any]:
    if not value:
        raise ValueError("the list is empty")
    return value


def _delimiter(value: str) -> str:
    if len(value) != 1 or value in '"\r\n':
        raise ValueError(f"expected one character, not {kinds.said(value)}")
    return value


def _nothing_if_null(value: object) -> object:
    """What stands under a name with nothing but comments below it."""
    return {} if value is None else value


Text = Annotated[str, PlainValidator(kinds.TEXT.check), _json(kinds.TEXT)]
Amount = Annotated[float | str, PlainValidator(kinds.AMOUNT.check), _json(kinds.AMOUNT)]
Count = Annotated[int | str, PlainValidator(kinds.COUNT.check), _json(kinds.COUNT)]
Whole = Annotated[int | str, PlainValidator(kinds.WHOLE.check), _json(kinds.WHOLE)]
Flag = Annotated[bool | str, PlainValidator(kinds.FLAG.check), _json(kinds.FLAG)]
Delimiter = Annotated[
    str,
    AfterValidator(_delimiter),
    Field(json_schema_extra={"pattern": '^[^"\\r\\n]$'}),
]
Duration = Annotated[str, PlainValidator(kinds.DURATION.check), _json(kinds.DURATION)]
Runtime = Annotated[str, PlainValidator(kinds.RUNTIME.check), _json(kinds.RUNTIME)]
Constraint = Annotated[str, PlainValidator(kinds.CONSTRAINT.check), _json(kinds.CONSTRAINT)]
Resource = Annotated[str, PlainValidator(kinds.RESOURCE.check), _json(kinds.RESOURCE)]
Name = Annotated[str, AfterValidator(_name)]
Constant = Annotated[Any, BeforeValidator(_not_a_template)]
Constants = Annotated[
    list[Constant], AfterValidator(_not_empty), Field(json_schema_extra={"minItems": 1})
]


def _text_or_list(value: object) -> str | list[str]:
    """A command line, or the words of one."""
    if isinstance(value, list):
        return [kinds.TEXT.check(item) for item in _not_empty(value)]
    if isinstance(value, dict):
        raise kinds.expected("a command line, or a list of its words", value)
    return str(kinds.TEXT.check(value))


Command = Annotated[
    str | list[str],
    PlainValidator(_text_or_list),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "minItems": 1, "items": dict(kinds.TEXT.schema)},
            ]
        }
    ),
]


def _several(kind: kinds.Kind) -> WithJsonSchema:
    """One, or a list of them."""
    schema = dict(kind.schema)
    return WithJsonSchema({"anyOf": [schema, {"type": "array", "items": schema}]})


_Several = BeforeValidator(_one_or_more)
Texts = Annotated[list[Text], _Several, _several(kinds.TEXT)]
Resources = Annotated[list[Resource], _Several, _several(kinds.RESOURCE)]
Constraints = Annotated[list[Constraint], _Several, _several(kinds.CONSTRAINT)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Uri(_Part):
    """A file for the sandbox, as in ``CommandInfo.URI``."""

    value: Text = Field(description="Where it is.")
    executable: Flag | None = Field(default=None, description="Whether to make it executable.")
    extract: Flag | None = Field(
        default=None, description="Whether to unpack it, as it is unless false."
    )
    cache: Flag | None = Field(default=None, description="Whether the agent may keep it.")
    output_file: Text | None = Field(default=None, description="What to call it in the sandbox.")


def _uri(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


UriOrText = Annotated[Uri, BeforeValidator(_uri, json_schema_input_type=Uri | str)]


class Volume(_Part):
    """A persistent volume that is there already."""

    id: Text = Field(description="Its persistence id.")
    path: Text | None = Field(
        default=None,
        description="One name under which it is in the sandbox; that it was created with unless "
        "given.",
    )
    size: Amount | None = Field(
        default=None, description="The least it must have, in MB; any size will do unless given."
    )


class Range(_Part):
    """Whole numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    first: int = Field(alias="from", description="The first.")
    last: int = Field(alias="to", description="The last, which is one of them.")
    step: int = Field(default=1, ge=1, description="From one to the next.")

    @property
    def count(self) -> int:
        """How many there are."""
        # No len() of a range: that is no larger than a machine word.
        return max(0, (self.last - self.first) // self.step + 1)


class Source(_Part):
    """Where the rows come from; one of these, with what belongs to it."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
                for name in ("csv", "json_lines", "lines", "glob", "range")
            ],
            "dependentRequired": {"delimiter": ["csv"]},
        },
    )

    csv: Text | None = Field(
        default=None, description="A CSV file; its first line names the columns. Or `stdin`."
    )
    delimiter: Delimiter | None = Field(
        default=None,
        description="What separates the columns, a comma unless given.",
    )
    json_lines: Text | None = Field(
        default=None,
        description="A file of one JSON value on each line, or `stdin`. Of an object the fields "
        "are the names, anything else is `item`.",
    )
    lines: Text | None = Field(
        default=None, description="A text file, or `stdin`: each line that is not empty is `line`."
    )
    glob: Text | None = Field(
        default=None,
        description="Files that match a pattern such as `in/**/*.tif`, sorted: `path` as the "
        "pattern gives it, `name` and `stem` (the name without its ending).",
    )
    range: Range | None = Field(default=None, description="Whole numbers: `item`.")

    @model_validator(mode="after")
    def _one_source(self) -> Source:
        given = {name for name, value in self if value is not None} - {"delimiter"}
        if len(given) != 1:
            besides = f", not {' and '.join(sorted(given))}" if given else ""
            raise ValueError(f"expected one of csv, json_lines, lines, glob and range{besides}")
        if self.delimiter is not None and self.csv is None:
            raise ValueError("delimiter belongs to csv")
        return self

    @property
    def reads_stdin(self) -> bool:
        """Whether the rows come from standard input."""
        return any(name in STDIN for name in (self.csv, self.json_lines, self.lines))


# How pydantic calls the two forms in paths; nothing in a file is called so.
LIST_FORM, SOURCE_FORM = "\0list", "\0source"


def _form(value: object) -> str:
    return LIST_FORM if isinstance(value, list) else SOURCE_FORM


Foreach = Annotated[
    Annotated[Constants, Tag(LIST_FORM)] | Annotated[Source, Tag(SOURCE_FORM)], Discriminator(_form)
]


class Defaults(_Part):
    """What tasks have unless they say otherwise."""

    command: Command | None = Field(
        default=None,
        description="A line for the shell, or a list: the program and its arguments, without a "
        "shell. Without it an image runs what it is made for.",
    )
    environment: dict[str, Text] | None = Field(
        default=None, description="Environment variables. Those of `defaults` are there too."
    )
    user: Text | None = Field(default=None, description="Who the command runs as on the agent.")
    uris: list[UriOrText] | None = Field(
        default=None,
        description="Files to fetch into the sandbox: a URI, or an object as `CommandInfo.URI`.",
    )
    image: Text | None = Field(
        default=None, description="The Docker image of the container to run in."
    )
    containerizer: Literal["docker", "mesos"] | None = Field(
        default=None,
        description="What runs the image: `docker` unless given, or `mesos`, which is its own.",
    )
    cpus: Amount | None = Field(default=None, description="Cpus.")
    mem: Amount | None = Field(default=None, description="Memory in MB.")
    disk: Amount | None = Field(default=None, description="Disk in MB.")
    gpus: Amount | None = Field(default=None, description="Gpus.")
    resources: Resources | None = Field(
        default=None,
        description="More resources, each in the words of Mesos: `ports:[31000-31005]`.",
    )
    volumes: list[Volume] | None = Field(
        default=None, description="Persistent volumes by id; the task runs where they are."
    )
    agent_id: Text | None = Field(default=None, description="The id of the agent to run on.")
    constraints: Constraints | None = Field(
        default=None, description="On which agents it may run, such as `rack:in:r1,r2`."
    )
    priority: Whole | None = Field(default=None, description="Higher goes first; 0 unless given.")
    expected_runtime: Runtime | None = Field(
        default=None, description="About how long it runs, such as `90secs`."
    )
    timeout: Runtime | None = Field(
        default=None,
        description="How long it may run, such as `10mins`; then it is killed and has failed.",
    )
    kill_grace: Duration | None = Field(
        default=None,
        description="How long a task that is killed may take to end by itself, such as `5secs`.",
    )
    retries: Count | None = Field(
        default=None, description="How often it is tried again when it fails."
    )
    labels: dict[str, Text] | None = Field(
        default=None, description="Labels of Mesos. Those of `defaults` are there too."
    )
    task_info: dict[str, Any] | None = Field(
        default=None,
        description="Any other field of `TaskInfo`, as it stands in a task list. Objects are "
        "merged with what the rest gives, arrays are added to it.",
    )


class Task(Defaults):
    """One task, or one for each row."""

    name: Text = Field(description="The name of the task, and the beginning of its id.")
    task_id: Text | None = Field(
        default=None,
        description="The id: `NAME` unless given, `NAME-0000` and so on where there are rows.",
    )
    foreach: Foreach | None = Field(
        default=None, description="One task for each row of a list, a file or a range."
    )
    matrix: dict[Name, Constants] | None = Field(
        default=None, description="One task for each combination of these values, and each row."
    )
    depends_on: Texts | None = Field(
        default=None,
        description="Tasks that must finish first: an id, or a name for all that have it.",
    )
    always: Flag | None = Field(
        default=None, description="Whether to run however those before it ended, to clean up."
    )


class JobFile(_Part):
    """Tasks for Mesos, in few lines; `mesos-batch expand` prints what they come to."""

    model_config = ConfigDict(extra="forbid", strict=True, title="mesos-batch job file")

    defaults: Annotated[Defaults, BeforeValidator(_nothing_if_null)] = Field(
        default=Defaults(), description="What tasks have unless they say otherwise."
    )
    vars: Annotated[dict[Name, Constant], BeforeValidator(_nothing_if_null)] = Field(
        default={},
        description="Constants for the templates of all tasks: text, numbers, lists, objects.",
    )
    tasks: list[Task] = Field(description="The tasks.")


# The model of the objects under a name, for what could be meant by a wrong one.
PARTS: dict[str, type[BaseModel]] = {
    "defaults": Defaults,
    "tasks": Task,
    "foreach": Source,
    "range": Range,
    "volumes": Volume,
    "uris": Uri,
}


def names_of(model: type[BaseModel]) -> list[str]:
    """The fields of an object as the file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


class _Plainly(GenerateJsonSchema):
    """Without titles that repeat names, and without defaults that say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The schema of job files for editors, in JSON Schema 2020-12."""
    made = JobFile.model_json_schema(schema_generator=_Plainly)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}

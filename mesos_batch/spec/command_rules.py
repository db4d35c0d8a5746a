"""Rules for commands, their environment, secrets, checks and health checks.

Those of ``src/common/validation.cpp``, and one the master leaves to the executor: a command
without a value ends as TASK_FAILED.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Severity

_Variable = pb.Environment.Variable
_CHECK_FIELDS = {
    pb.CheckInfo.COMMAND: "command",
    pb.CheckInfo.HTTP: "http",
    pb.CheckInfo.TCP: "tcp",
}
_HEALTH_CHECK_FIELDS = {
    pb.HealthCheck.COMMAND: "command",
    pb.HealthCheck.HTTP: "http",
    pb.HealthCheck.TCP: "tcp",
}
_TIMES = ("delay_seconds", "interval_seconds", "timeout_seconds", "grace_period_seconds")


def command_findings(command: pb.CommandInfo, *, has_image: bool) -> Iterator[Finding]:
    """What is wrong with a command; ``has_image`` if an image may say what to run."""
    if not command.HasField("value"):
        if command.shell:
            hint = "give value, or set shell to false to run what the image says"
            yield Finding(("value",), "a shell command needs a value", hint if has_image else None)
        elif not has_image:
            hint = "value is the program, arguments all of argv"
            yield Finding(("value",), "a command needs the path of a program", hint)
    yield from _environment(command)


def _environment(command: pb.CommandInfo) -> Iterator[Finding]:
    for index, variable in enumerate(command.environment.variables):
        for finding in _variable(variable):
            yield finding.under("environment", "variables", index)


def _variable(variable: pb.Environment.Variable) -> Iterator[Finding]:
    if variable.type == _Variable.UNKNOWN:
        hint = "allowed: VALUE, SECRET"
        yield Finding(("type",), "UNKNOWN is no type of variable", hint)
    elif variable.type == _Variable.VALUE:
        if not variable.HasField("value"):
            yield Finding(("value",), f"the variable '{variable.name}' needs a value")
        if variable.HasField("secret"):
            yield Finding(("secret",), "does not go with type VALUE", "set type to SECRET")
    else:
        if variable.HasField("value"):
            yield Finding(("value",), "does not go with type SECRET", "use secret instead")
        if not variable.HasField("secret"):
            yield Finding(("secret",), f"the variable '{variable.name}' needs a secret")
            return
        for finding in secret_findings(variable.secret):
            yield finding.under("secret")
        if b"\0" in variable.secret.value.data:
            path = ("secret", "value", "data")
            yield Finding(path, "a zero byte cannot be in an environment variable")


def secret_findings(secret: pb.Secret) -> Iterator[Finding]:
    """What is wrong with a secret; its value is never told."""
    wanted = {pb.Secret.REFERENCE: "reference", pb.Secret.VALUE: "value"}.get(secret.type)
    if wanted is None:
        return
    kind = pb.Secret.Type.Name(secret.type)
    if not secret.HasField(wanted):
        yield Finding((wanted,), f"a secret of type {kind} needs it")
    other = "value" if wanted == "reference" else "reference"
    if secret.HasField(other):
        yield Finding((other,), f"does not go with a secret of type {kind}", "remove it")


def check_findings(check: pb.CheckInfo) -> Iterator[Finding]:
    """What is wrong with a check."""
    kind = _CHECK_FIELDS.get(check.type)
    if not check.HasField("type") or kind is None:
        yield Finding(("type",), "a check needs a type", "allowed: COMMAND, HTTP, TCP")
    elif not check.HasField(kind):
        yield Finding((kind,), f"a check of type {kind.upper()} needs it")
    elif kind == "command":
        for finding in command_findings(check.command.command, has_image=False):
            yield finding.under("command", "command")
    elif kind == "http":
        yield from _http_path(check.http)
    yield from _times(check)


def health_check_findings(check: pb.HealthCheck) -> Iterator[Finding]:
    """What is wrong with a health check; without a type the master looks at what is there."""
    kind = _HEALTH_CHECK_FIELDS.get(check.type)
    if not check.HasField("type"):
        if check.HasField("command") != check.HasField("http"):
            kind = "command" if check.HasField("command") else "http"
            hint = f'add "type": "{kind.upper()}"'
            message = "a health check without type is deprecated"
            yield Finding(("type",), message, hint, severity=Severity.WARNING)
        else:
            kind = None
    if kind is None:
        yield Finding(("type",), "a health check needs a type", "allowed: COMMAND, HTTP, TCP")
    elif not check.HasField(kind):
        yield Finding((kind,), f"a health check of type {kind.upper()} needs it")
    elif kind == "command":
        for finding in command_findings(check.command, has_image=False):
            yield finding.under("command")
    elif kind == "http":
        yield from _http_path(check.http)
        if check.http.HasField("scheme") and check.http.scheme not in ("http", "https"):
            message = f"'{check.http.scheme}' is no scheme of a health check"
            yield Finding(("http", "scheme"), message, "allowed: http, https")
    yield from _times(check)


def _http_path(http: pb.CheckInfo.Http | pb.HealthCheck.HTTPCheckInfo) -> Iterator[Finding]:
    if http.HasField("path") and not http.path.startswith("/"):
        yield Finding(("http", "path"), f"'{http.path}' does not start with a slash")


def _times(check: pb.CheckInfo | pb.HealthCheck) -> Iterator[Finding]:
    for name in _TIMES:
        if getattr(check, name, 0.0) < 0:
            yield Finding((name,), "a time must not be negative")

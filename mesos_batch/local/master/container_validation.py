"""Commands, containers and checks: what the master refuses of them.

Source: ``src/common/validation.cpp``.
"""

from __future__ import annotations

from typing import Any, cast

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.rules import ValidationError, told

_Variable = pb.Environment.Variable
_Source = pb.Volume.Source
# The sub-message each type of volume source needs, and what it is called in the error.
_VOLUME_SOURCES = {
    _Source.DOCKER_VOLUME: ("docker_volume", "DOCKER_VOLUME"),
    _Source.HOST_PATH: ("host_path", "HOST_PATH"),
    _Source.SANDBOX_PATH: ("sandbox_path", "SANDBOX_PATH"),
    _Source.SECRET: ("secret", "SECRET"),
    _Source.CSI_VOLUME: ("csi_volume", "CSI"),
}


def validate_command(command: pb.CommandInfo) -> None:
    """Check a command's environment; its value is a matter of the executor.

    Raises:
        ValidationError: a variable has not what its type needs.
    """
    for variable in command.environment.variables:
        _validate_variable(variable)


def _validate_variable(variable: pb.Environment.Variable) -> None:
    name = f"Environment variable '{variable.name}'"
    if variable.type == _Variable.UNKNOWN:
        raise ValidationError("Environment variable of type 'UNKNOWN' is not allowed")
    if variable.type == _Variable.VALUE:
        if not variable.HasField("value"):
            raise ValidationError(f"{name} of type 'VALUE' must have a value set")
        if variable.HasField("secret"):
            raise ValidationError(f"{name} of type 'VALUE' must not have a secret set")
        return
    if not variable.HasField("secret"):
        raise ValidationError(f"{name} of type 'SECRET' must have a secret set")
    if variable.HasField("value"):
        raise ValidationError(f"{name} of type 'SECRET' must not have a value set")
    with told(f"{name} specifies an invalid secret: "):
        _validate_secret(variable.secret)
    if b"\0" in variable.secret.value.data:
        raise ValidationError(
            f"{name} specifies a secret containing null bytes,"
            " which is not allowed in the environment"
        )


def _validate_secret(secret: pb.Secret) -> None:
    if secret.type == pb.Secret.REFERENCE:
        if not secret.HasField("reference"):
            raise ValidationError("Secret of type REFERENCE must have the 'reference' field set")
        if secret.HasField("value"):
            raise ValidationError(
                f"Secret '{secret.reference.name}' of type REFERENCE"
                " must not have the 'value' field set"
            )
    elif secret.type == pb.Secret.VALUE:
        if not secret.HasField("value"):
            raise ValidationError("Secret of type VALUE must have the 'value' field set")
        if secret.HasField("reference"):
            raise ValidationError("Secret of type VALUE must not have the 'reference' field set")


def validate_container(container: pb.ContainerInfo) -> None:
    """Check a container's volumes and that a DOCKER one says what to run.

    Raises:
        ValidationError: something is missing or not allowed.
    """
    with told("Invalid volume: "):
        for volume in container.volumes:
            _validate_volume(volume)
    if container.type != pb.ContainerInfo.DOCKER:
        return
    if not container.HasField("docker"):
        raise ValidationError("DockerInfo 'docker' is not set for DOCKER typed ContainerInfo")
    if any(parameter.key == "name" for parameter in container.docker.parameters):
        raise ValidationError("Parameter in DockerInfo must not be 'name'")


def _validate_volume(volume: pb.Volume) -> None:
    if sum(map(volume.HasField, ("host_path", "image", "source"))) != 1:
        raise ValidationError("Only one of them should be set: 'host_path', 'image' and 'source'")
    if not volume.HasField("source"):
        return
    source = volume.source
    needed = _VOLUME_SOURCES.get(source.type)
    if needed is None:
        raise ValidationError("'source.type' is unknown")
    field, kind = needed
    if not source.HasField(cast("Any", field)):
        raise ValidationError(f"'source.{field}' is not set for {kind} volume")
    if field == "csi_volume" and not source.csi_volume.HasField("static_provisioning"):
        raise ValidationError("'source.csi_volume.static_provisioning' is not set for CSI volume")


def validate_check(check: pb.CheckInfo) -> None:
    """Check a check.

    Raises:
        ValidationError: it has not what its type needs.
    """
    if not check.HasField("type"):
        raise ValidationError("CheckInfo must specify 'type'")
    if check.type == pb.CheckInfo.COMMAND:
        if not check.HasField("command"):
            raise ValidationError("Expecting 'command' to be set for COMMAND check")
        _validate_check_command(check.command.command, "Command check", "Check's")
    elif check.type == pb.CheckInfo.HTTP:
        if not check.HasField("http"):
            raise ValidationError("Expecting 'http' to be set for HTTP check")
        if check.http.HasField("path") and not check.http.path.startswith("/"):
            raise ValidationError(f"The path '{check.http.path}' of HTTP check must start with '/'")
    elif check.type == pb.CheckInfo.TCP:
        if not check.HasField("tcp"):
            raise ValidationError("Expecting 'tcp' to be set for TCP check")
    else:
        raise ValidationError("'UNKNOWN' is not a valid check type")
    _validate_seconds(check, ("delay_seconds", "interval_seconds", "timeout_seconds"))


def validate_health_check(check: pb.HealthCheck) -> None:
    """Check a health check.

    Raises:
        ValidationError: it has not what its type needs.
    """
    if not check.HasField("type"):
        raise ValidationError("HealthCheck must specify 'type'")
    if check.type == pb.HealthCheck.COMMAND:
        if not check.HasField("command"):
            raise ValidationError("Expecting 'command' to be set for COMMAND health check")
        _validate_check_command(check.command, "Command health check", "Health check's")
    elif check.type == pb.HealthCheck.HTTP:
        _validate_http_health_check(check)
    elif check.type == pb.HealthCheck.TCP:
        if not check.HasField("tcp"):
            raise ValidationError("Expecting 'tcp' to be set for TCP health check")
    else:
        raise ValidationError("'UNKNOWN' is not a valid health check type")
    _validate_seconds(
        check,
        ("delay_seconds", "grace_period_seconds", "interval_seconds", "timeout_seconds"),
    )


def _validate_http_health_check(check: pb.HealthCheck) -> None:
    if not check.HasField("http"):
        raise ValidationError("Expecting 'http' to be set for HTTP health check")
    http = check.http
    if http.HasField("scheme") and http.scheme not in ("http", "https"):
        raise ValidationError(f"Unsupported HTTP health check scheme: '{http.scheme}'")
    if http.HasField("path") and not http.path.startswith("/"):
        raise ValidationError(f"The path '{http.path}' of HTTP health check must start with '/'")


def _validate_check_command(command: pb.CommandInfo, what: str, whose: str) -> None:
    if not command.HasField("value"):
        kind = "'shell command'" if command.shell else "'executable path'"
        raise ValidationError(f"{what} must contain {kind}")
    with told(f"{whose} `CommandInfo` is invalid: "):
        validate_command(command)


def _validate_seconds(check: pb.CheckInfo | pb.HealthCheck, names: tuple[str, ...]) -> None:
    for name in names:
        if check.HasField(cast("Any", name)) and getattr(check, name) < 0:
            raise ValidationError(f"Expecting '{name}' to be non-negative")

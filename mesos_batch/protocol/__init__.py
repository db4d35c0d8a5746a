"""The Mesos V1 protocol without I/O: bytes to values and values to bytes."""

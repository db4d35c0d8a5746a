"""A master of the local cluster: frameworks, offers, validation, operations, endpoints."""

"""Job files: a short description in YAML, TOML or JSON that expands to a ``TaskGroupInfo``."""

"""What the user decides: settings and secrets. Reads files, the environment and the keyring."""

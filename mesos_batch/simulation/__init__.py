"""A cluster in virtual time: the real engine against a master and agents that are only values."""

"""HTTP to masters and agents: thin, everything that decides is elsewhere."""

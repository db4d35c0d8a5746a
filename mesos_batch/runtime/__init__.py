"""Threads and time live here, and only here."""

"""Decisions, pure: events and the time go in, commands and facts come out.

No sockets, no clock, no threads, no randomness of its own.
"""

"""The embedded local cluster: a small Mesos master and agents in this process.

Real HTTP on loopback, tasks as real processes. It is a peer of Mesos, not of our scheduler:
it shares ``model`` and ``protocol`` with the client and nothing else.
"""

VERSION = "1.12.0"

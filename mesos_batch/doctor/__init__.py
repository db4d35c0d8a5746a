"""What ``mesos-batch doctor`` looks at: this machine, and the way to a cluster.

Nothing is changed, but for a file and a keyring entry that are gone again at once.
"""

from mesos_batch.doctor.check import Check, Verdict
from mesos_batch.doctor.cluster import cluster_checks
from mesos_batch.doctor.machine import machine_checks

__all__ = ["Check", "Verdict", "cluster_checks", "machine_checks"]

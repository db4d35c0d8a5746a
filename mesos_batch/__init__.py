"""Run batches of tasks on Apache Mesos: the core library of mesos-batch."""

__version__ = "0.1.0"

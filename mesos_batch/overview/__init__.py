"""A run as a whole, kept up with: counts, rate, failures by cause, use of agents, time to the end.

overview = Overview()
overview.take(run.snapshot())
print(overview.counts, overview.rate, overview.estimate(time.time()))
"""

from mesos_batch.overview.agents import AgentUse
from mesos_batch.overview.causes import Cause
from mesos_batch.overview.differences import facts_between
from mesos_batch.overview.estimate import Estimate
from mesos_batch.overview.overview import Overview

__all__ = ["AgentUse", "Cause", "Estimate", "Overview", "facts_between"]

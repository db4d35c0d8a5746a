"""``python -m mesos_batch_cli`` is ``mesos-batch``."""

import sys

from mesos_batch_cli.main import main

sys.exit(main())

"""An agent of the local cluster: runs tasks as real processes and keeps their sandboxes."""

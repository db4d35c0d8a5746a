"""What the command line can do, one module each, imported only when asked for."""

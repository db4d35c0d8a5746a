"""The report for people: one file that a browser shows without a network."""

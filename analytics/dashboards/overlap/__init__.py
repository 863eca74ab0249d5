"""People who answered in both of two periods."""

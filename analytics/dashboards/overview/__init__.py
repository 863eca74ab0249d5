"""The overview: every number a manager sees first, and how it is read, written and kept."""

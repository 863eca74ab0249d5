"""What changed between two periods: asked for, read, written."""

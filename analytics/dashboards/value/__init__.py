"""Where a value comes from, and two runs side by side."""

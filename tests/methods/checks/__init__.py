"""Every figure the methods must reproduce, defined once: the suite asserts this list, a command prints it."""

"""Figures for the browser: pure functions of numbers and labels that are already in the reader's language."""

"""The pages about accounts, a module each."""

"""The pages of the questionnaires."""

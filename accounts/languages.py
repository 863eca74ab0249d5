"""The languages that people and questionnaires can use, by Django's codes."""

from typing import Final

LANGUAGES: Final = ("zh-hans", "en")

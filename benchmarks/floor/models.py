"""A link that opens one form, and the answer given through it."""

from django.db import models


class Link(models.Model):
    """A token that may be spent once."""

    token = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "floor_link"

    def __str__(self) -> str:
        return self.token


class Answer(models.Model):
    """What was answered."""

    link = models.OneToOneField(Link, on_delete=models.CASCADE)
    answers = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "floor_answer"

    def __str__(self) -> str:
        return f"answer {self.pk}"

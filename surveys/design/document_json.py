"""Write a document back as JSON, always in the same form, so that equal questionnaires have equal hashes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from surveys.design.document import SCHEMA, Condition, Document, Page, Question, Scale, ScoreText, Text


def document_to_json(document: Document) -> dict[str, Any]:
    """Return the JSON that `parse_document` reads back as an equal document."""
    return {
        "schema": SCHEMA,
        "languages": list(document.languages),
        "title": dict(document.title),
        "intro": dict(document.intro),
        "pages": [_page(page) for page in document.pages],
        "thanks": dict(document.thanks),
    }


def hash_document(raw: dict[str, Any]) -> str:
    """Return the SHA-256 of the JSON, whatever the order of its keys (64 hex digits)."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _page(page: Page) -> dict[str, Any]:
    return {"key": page.key, "title": dict(page.title), "questions": [question_to_json(q) for q in page.questions]}


def question_to_json(question: Question) -> dict[str, Any]:
    """Return one question's JSON; what does not belong to its type is left out."""
    raw: dict[str, Any] = {
        "key": question.key, "type": question.type, "text": dict(question.text), "help": dict(question.help),
        "required": question.is_required,
    }
    if question.scale is not None:
        raw["offers_na"] = question.offers_na
        raw |= {} if question.type == "nps" else {"scale": _scale(question.scale)}
    if question.type == "matrix":
        raw["rows"] = [{"key": r.key, "text": dict(r.text), "help": dict(r.help)} for r in question.rows]
    if question.type == "choice":
        raw["options"] = [{"key": o.key, "text": dict(o.text)} for o in question.options]
        raw["several"] = question.allows_several
    if question.type == "text":
        raw["max_length"] = question.max_length
        raw["score_texts"] = [_score_text(one) for one in question.score_texts]
    raw["show_if"] = [_condition(one) for one in question.show_if]
    return raw


def _scale(scale: Scale) -> dict[str, Any]:
    return {"min": scale.low, "max": scale.high, "labels": {str(p): dict(t) for p, t in scale.labels.items()}}


def _score_text(one: ScoreText) -> dict[str, Any]:
    return {"item": one.item, "low": one.low, "high": one.high, "text": _texts(one.text)}


def _texts(text: Text) -> dict[str, str]:
    return dict(text)


def _condition(one: Condition) -> dict[str, Any]:
    raw: dict[str, Any] = {"item": one.item}
    if one.low is not None:
        raw["low"] = one.low
    if one.high is not None:
        raw["high"] = one.high
    return raw | ({"values": list(one.values)} if one.values else {})

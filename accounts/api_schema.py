"""What the description of the API says of every route beside what its view says."""

from __future__ import annotations

from typing import Any

PROBLEM = {
    "type": "object",
    "description": "Why a request was not answered: the form of every error.",
    "properties": {
        "code": {"type": "string", "description": "a word for programs, such as `invalid` or `not_found`"},
        "message": {"type": "string", "description": "one sentence in the caller's language"},
        "fields": {
            "type": "object", "additionalProperties": {},
            "description": "sentences by parameter or field; `body` for the whole body",
        },
    },
    "required": ["code", "fields", "message"],
}


def add_problems(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Describe the reply of every route that is no success; a hook of the schema generator."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemOutput"] = PROBLEM
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    reply = {
        "description": "Not answered, and why.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemOutput"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = reply
    return result

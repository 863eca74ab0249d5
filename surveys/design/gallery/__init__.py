"""Ready-made questionnaires, complete in Chinese and English, each with the indicators it proposes."""

from __future__ import annotations

from surveys.design.gallery import after_service, pulse, relationship, servqual
from surveys.design.gallery.building import Template, TemplateNode, TemplateTree

__all__ = ["TEMPLATES", "Template", "TemplateNode", "TemplateTree", "get_template"]

TEMPLATES: dict[str, Template] = {
    module.TEMPLATE.key: module.TEMPLATE for module in (relationship, pulse, after_service, servqual)
}


def get_template(key: str) -> Template | None:
    """Return the template with this key, or None."""
    return TEMPLATES.get(key)

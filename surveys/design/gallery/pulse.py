"""The pulse: three questions for a short rhythm."""

from __future__ import annotations

from surveys.design.gallery import building as b

NAMES = b.both("快速满意度调查", "Short pulse")

TEMPLATE = b.Template(
    key="pulse",
    names=NAMES,
    purposes=b.both("三个问题，适合每月跟踪趋势。", "Three questions, for following the trend every month."),
    document=b.document(
        NAMES,
        b.both("只需半分钟。", "Half a minute is enough."),
        b.page(1, b.nps(), b.overall(), b.reason()),
    ),
    tree=b.TemplateTree(
        root=b.TemplateNode(
            "satisfaction", b.both("满意度指数", "Satisfaction index"),
            children=(b.leaf("overall", "总体满意度", "Overall satisfaction"),),
        ),
        nps="nps", comments=("reason",),
    ),
)

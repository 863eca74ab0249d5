"""The relationship survey: the tree of the satisfaction handbooks, in about two minutes."""

from __future__ import annotations

from surveys.design.gallery import building as b

NAMES = b.both("客户关系满意度调查", "Relationship survey")
PRODUCT = [
    ("product_function", "性能与功能", "Performance and function"),
    ("product_quality", "质量与可靠性", "Quality and reliability"),
    ("product_design", "设计与易用性", "Design and ease of use"),
    ("product_innovation", "创新与个性化", "Innovation and personal fit"),
    ("product_delivery", "交付及时性", "Delivery on time"),
]
SERVICE = [
    ("service_attitude", "员工服务态度", "Attitude of our staff"),
    ("service_efficiency", "答复与办理速度", "Speed of reply and handling"),
    ("service_expertise", "员工专业能力", "Expertise of our staff"),
    ("service_reliability", "兑现承诺", "Keeping our promises"),
    ("service_after_sales", "售后支持", "After-sales support"),
]

TEMPLATE = b.Template(
    key="relationship",
    names=NAMES,
    purposes=b.both(
        "每年或每季度了解总体、产品和服务满意度及推荐意愿。",
        "Once a year or quarter: overall, product and service satisfaction, and recommendation.",
    ),
    document=b.document(
        NAMES,
        b.both("大约需要两分钟，您的意见将帮助我们改进。", "About two minutes. Your answers help us to improve."),
        b.page(1, b.nps(), b.reasons(), b.reason()),
        b.page(
            2, b.overall(),
            b.matrix("product", b.both("您对我们产品的以下各方面满意吗？",
                                       "How satisfied are you with these parts of our products?"), PRODUCT),
            b.matrix("service", b.both("您对我们服务的以下各方面满意吗？",
                                       "How satisfied are you with these parts of our service?"), SERVICE),
        ),
        b.page(3, b.comment(), b.consent()),
    ),
    tree=b.TemplateTree(
        root=b.TemplateNode(
            "satisfaction", b.both("满意度指数", "Satisfaction index"),
            children=(
                b.TemplateNode("product_satisfaction", b.both("产品满意度", "Product satisfaction"),
                               children=tuple(b.leaf(*row) for row in PRODUCT)),
                b.TemplateNode("service_satisfaction", b.both("服务满意度", "Service satisfaction"),
                               children=tuple(b.leaf(*row) for row in SERVICE)),
            ),
        ),
        nps="nps", overall="overall", comments=("reason", "comment"),
    ),
)

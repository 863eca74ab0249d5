"""After a service case: was it solved, how easily, and how did it feel."""

from __future__ import annotations

from surveys.design.gallery import building as b

NAMES = b.both("服务后满意度调查", "After a service case")
PARTS = [
    ("case_speed", "处理速度", "Speed of handling"),
    ("case_attitude", "服务态度", "Attitude of our staff"),
    ("case_expertise", "专业能力", "Expertise of our staff"),
    ("case_solution", "解决结果", "The solution itself"),
]
OVERALL = {
    "key": "case_overall", "type": "rating", "required": True, "scale": b.SATISFACTION,
    "text": b.both("您对这次服务满意吗？", "How satisfied are you with this service case?"),
}
EASE = {
    "key": "case_ease", "type": "rating", "required": True, "offers_na": True, "scale": b.EFFORT,
    "text": b.both("“解决问题的过程很轻松。”您同意吗？", "“It was easy to get my problem solved.” Do you agree?"),
}
SOLVED = {
    "key": "case_solved", "type": "choice", "required": True,
    "text": b.both("您的问题解决了吗？", "Is your problem solved?"),
    "options": [
        {"key": "yes", "text": b.both("已解决", "Yes")},
        {"key": "partly", "text": b.both("部分解决", "Partly")},
        {"key": "no", "text": b.both("未解决", "No")},
    ],
}
MISSING = {
    "key": "case_missing", "type": "text", "help": b.NO_NUMBERS,
    "text": b.both("还有哪些没有解决？", "What is still open?"),
    "show_if": [{"item": "case_solved", "values": ["partly", "no"]}],
}

TEMPLATE = b.Template(
    key="after_service",
    names=NAMES,
    purposes=b.both("服务个案结束后发送，了解结果、速度与难易。", "After a service case: result, speed and ease."),
    document=b.document(
        NAMES,
        b.both("大约一分钟，只关于您最近的一次服务。", "About one minute, only about your latest service case."),
        b.page(1, OVERALL, SOLVED, EASE),
        b.page(
            2, MISSING,
            b.matrix("case_parts", b.both("您对以下各方面满意吗？", "How satisfied are you with each part?"), PARTS),
            b.comment(), b.consent(),
        ),
    ),
    tree=b.TemplateTree(
        root=b.TemplateNode(
            "satisfaction", b.both("服务满意度指数", "Service satisfaction index"),
            children=(*(b.leaf(*row) for row in PARTS), b.leaf("case_ease", "轻松程度", "Ease")),
        ),
        overall="case_overall", comments=("case_missing", "comment"), effort=("case_ease",),
    ),
)

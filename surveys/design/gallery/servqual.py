"""Service quality in five dimensions, performance only.

The structure (4, 5, 4, 4 and 5 statements) is that of Parasuraman, Zeithaml and Berry (1988); the wording is our own.
"""

from __future__ import annotations

from surveys.design.gallery import building as b

NAMES = b.both("服务质量调查（五维度）", "Service quality in five dimensions")
DIMENSIONS = [
    ("tangibles", "有形性", "Tangibles", [
        ("tangibles_1", "设施与设备看起来现代、完好", "Facilities and equipment look up to date and well kept"),
        ("tangibles_2", "环境与界面整洁、令人舒适", "The premises or interface are clean and pleasant"),
        ("tangibles_3", "服务人员仪表得体", "Staff present themselves well"),
        ("tangibles_4", "单据、资料或页面清晰易读", "Documents, materials or pages are clear and easy to read"),
    ]),
    ("reliability", "可靠性", "Reliability", [
        ("reliability_1", "答应的时间能按时做到", "Work is done by the time that was promised"),
        ("reliability_2", "遇到问题时真心帮助解决", "When something goes wrong, there is real willingness to put it right"),
        ("reliability_3", "第一次就把事情做对", "Things are done correctly the first time"),
        ("reliability_4", "服务在约定的时间提供", "The service is available when it was said to be"),
        ("reliability_5", "记录与账单准确无误", "Records and bills are free of errors"),
    ]),
    ("responsiveness", "响应性", "Responsiveness", [
        ("responsiveness_1", "会告知办理进度和时间", "You are told when things will happen"),
        ("responsiveness_2", "办理迅速", "You are served promptly"),
        ("responsiveness_3", "服务人员乐于帮忙", "Staff are willing to help"),
        ("responsiveness_4", "再忙也会回应您的请求", "Your request is answered even at busy times"),
    ]),
    ("assurance", "保证性", "Assurance", [
        ("assurance_1", "服务人员的行为让人放心", "The way staff act gives you confidence"),
        ("assurance_2", "办理业务时感到安全", "You feel safe when dealing with the company"),
        ("assurance_3", "服务人员始终有礼貌", "Staff are consistently polite"),
        ("assurance_4", "服务人员有能力回答您的问题", "Staff have the knowledge to answer you"),
    ]),
    ("empathy", "移情性", "Empathy", [
        ("empathy_1", "把您当作个体来关心", "You are treated as an individual"),
        ("empathy_2", "营业/服务时间方便您", "Service hours suit you"),
        ("empathy_3", "有人专门跟进您的事情", "Someone takes personal care of your case"),
        ("empathy_4", "真正为您的利益着想", "Your best interests come first"),
        ("empathy_5", "了解您的具体需要", "Your specific needs are understood"),
    ]),
]
AGREE = b.both("您是否同意以下关于我们服务的说法？", "Do you agree with these statements about our service?")


def _dimension(index: int) -> b.Json:
    key, _zh, _en, rows = DIMENSIONS[index]
    return b.matrix(key, AGREE, rows, scale=b.AGREEMENT)


TEMPLATE = b.Template(
    key="servqual22",
    names=NAMES,
    purposes=b.both("22 个说法，细看有形性、可靠性、响应性、保证性和移情性。",
                    "22 statements on tangibles, reliability, responsiveness, assurance and empathy."),
    document=b.document(
        NAMES,
        b.both("大约需要三分钟。", "About three minutes."),
        b.page(1, b.overall(), _dimension(0), _dimension(1)),
        b.page(2, _dimension(2), _dimension(3)),
        b.page(3, _dimension(4), b.nps(), b.comment(), b.consent()),
    ),
    tree=b.TemplateTree(
        root=b.TemplateNode(
            "service_quality", b.both("服务质量指数", "Service quality index"),
            children=tuple(
                b.TemplateNode(key, b.both(zh, en), children=tuple(b.leaf(*row) for row in rows))
                for key, zh, en, rows in DIMENSIONS
            ),
        ),
        nps="nps", overall="overall", comments=("comment",),
    ),
)

"""The rules behind the overview's sentences, alerts, places and figures: pure functions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from analytics.dashboards import geometry, wording
from analytics.dashboards.charts.trend import Point, trend_figure
from analytics.dashboards.exports import escape, stream_csv
from analytics.dashboards.overview import attention, findings
from analytics.dashboards.overview.numbers import Headline, NodeRow, Trend, TrendPoint
from analytics.dashboards.stamp import present_stamp
from analytics.scoring import comparing, periods
from analytics.scoring.comparing import compare
from analytics.scoring.results import (
    Figure,
    Freshness,
    Level,
    NodeResult,
    PeriodResult,
    SegmentResult,
    Status,
    Verdict,
)
from surveys.answering.days import moment_of_day


def index(value: float | None, n: int = 400, error: float = 0.5) -> Figure:
    if value is None:
        return Figure("index", n, n, None, None, None, Status.TOO_FEW, "too_few", 10)
    status = Status.SHOWN if n >= 30 else Status.FEW
    return Figure("index", n, n, value, value - 1.96 * error, value + 1.96 * error, status, "", 10, error)


def node(key: str, value: float, n: int = 400) -> NodeResult:
    share = Figure("satisfied_share", n, n, 0.5, 0.4, 0.6, Status.SHOWN)
    return NodeResult(key, {"en": key.title()}, "csi", 1, True, 0.5, 0.5, None, index(value, n), share, share, ())


def trend(*values: float | None, target: float | None = None, is_running: bool = False) -> Trend:
    points = tuple(
        TrendPoint(periods.wave(str(2014 + place)), index(value), is_running and place == len(values) - 1)
        for place, value in enumerate(values)
    )
    shown = [point.figure for point in points if point.figure.is_shown and not point.is_running]
    return Trend(points, target, compare(shown[-2], shown[-1]) if len(shown) > 1 else None)


def row(name: str, before: float | None, after: float) -> NodeRow:
    previous = index(before) if before is not None else None
    change = compare(previous, index(after)) if previous else None
    share = Figure("satisfied_share", 400, 400, 0.5, 0.4, 0.6, Status.SHOWN)
    headline = Headline(index(after), previous, change)
    return NodeRow(name, {"en": name}, "csi", 1, False, 0.5, 0.5, headline, share, (), name)


def below(name: str, before: float, after: float, *, is_leaf: bool = True) -> NodeRow:
    return replace(row(name, before, after), depth=2, is_leaf=is_leaf)


class TestTheTrendsSentence:
    def test_calls_a_change_beyond_chance_only_when_its_interval_leaves_out_zero(self):
        assert findings.trend_finding(trend(75.0, 78.0)) == "Up 3.0 since 2014, beyond chance."
        assert findings.trend_finding(trend(78.0, 75.0)) == "Down 3.0 since 2014, beyond chance."
        assert findings.trend_finding(trend(75.0, 75.5)) == "No change beyond chance since 2014."

    def test_names_the_gap_to_the_target_unless_the_interval_holds_it(self):
        assert findings.trend_finding(trend(75.0, 75.5, target=80)).endswith("4.5 below the target of 80.")
        assert findings.trend_finding(trend(75.0, 75.5, target=70)).endswith("5.5 above the target of 70.")
        assert findings.trend_finding(trend(75.0, 75.5, target=76)).endswith("The target of 76 lies within the interval.")

    def test_leaves_the_running_period_and_gaps_out(self):
        assert findings.trend_finding(trend(75.0, None, 78.0, 40.0, is_running=True)) == "Up 3.0 since 2014, beyond chance."

    def test_names_the_newest_periods_that_have_no_value(self):
        assert findings.trend_finding(trend(75.0, 78.0, None, target=80)) == (
            "2016: too few answers. 2015 against 2014: up 3.0, beyond chance. 2.0 below the target of 80.")
        assert findings.trend_finding(trend(78.0, 75.0, None, None)) == (
            "2016 and 2017: too few answers. 2015 against 2014: down 3.0, beyond chance.")
        assert findings.trend_finding(trend(75.0, 75.2, None)).endswith("2015 against 2014: no change beyond chance.")
        assert findings.trend_finding(trend(75.0, None, target=80)) == (
            "2015: too few answers. Last shown: 2014. 5.0 below the target of 80.")
        with translation.override("zh-hans"):
            assert findings.trend_finding(trend(75.0, 78.0, None)) == "2016 答卷太少。 2015 与 2014 相比上升 3.0 分，超出随机波动。"

    def test_says_that_there_is_no_trend_yet(self):
        assert findings.trend_finding(trend(None, None)) == "There are not enough answers yet for a trend."

    def test_is_said_in_chinese(self):
        with translation.override("zh-hans"):
            assert findings.trend_finding(trend(75.0, 78.0)) == "与 2014 相比上升 3.0 分，超出随机波动。"


class TestTheIndicatorsSentence:
    def test_names_what_rose_and_what_fell(self):
        rows = [row("Service", 70, 75), row("Price", 75, 70), row("Brand", 75, 75.2)]
        assert findings.nodes_finding(rows, "en") == "Service rose and Price fell, beyond chance."

    def test_counts_more_than_three(self):
        rows = [row(name, 70, 75) for name in ("A", "B", "C", "D")]
        assert findings.nodes_finding(rows, "en") == "4 indicators rose, beyond chance."

    def test_says_when_nothing_moved_beyond_chance(self):
        assert findings.nodes_finding([row("A", 75, 75.2)], "en") == "No indicator changed beyond chance."

    def test_names_the_leaf_that_moved_most_when_nothing_above_did(self):
        still, fell, rose = row("Service", 75, 75.2), below("Waiting", 80, 70), below("Staff", 70, 76)
        assert findings.nodes_finding([still, fell], "en") == (
            "No top-level indicator changed beyond chance; below them, Waiting fell by 10.0.")
        assert findings.nodes_finding([still, rose], "en") == (
            "No top-level indicator changed beyond chance; below them, Staff rose by 6.0.")
        assert findings.nodes_finding([still, fell, rose], "en") == (
            "No top-level indicator changed beyond chance; of 2 below that did, Waiting moved most: down 10.0.")
        assert findings.nodes_finding([still, below("Calls", 80, 65, is_leaf=False), rose], "en").endswith("Staff moved most: up 6.0.")
        with translation.override("zh-hans"):
            assert findings.nodes_finding([still, fell], "en") == "一级指标均无超出随机波动的变化；下级指标中，“Waiting”下降 10.0 分。"
            assert findings.nodes_finding([still, fell, rose], "en") == (
                "一级指标均无超出随机波动的变化；下级指标中有 2 项超出，变化最大的是“Waiting”，下降 10.0 分。")

    def test_names_those_at_the_top_where_they_moved_too(self):
        rows = [row("Service", 75, 70), below("Waiting", 80, 60)]
        assert findings.nodes_finding(rows, "en") == "Service fell, beyond chance."

    def test_names_the_extremes_without_a_comparison(self):
        rows = [row("Service", None, 81), row("Price", None, 70)]
        assert findings.nodes_finding(rows, "en") == "Highest: Service (81.0). Lowest: Price (70.0)."


def choose(looks):
    return attention.choose_alerts(looks, judge=lambda look: look.tested.change)


class TestTheAlerts:
    def looks(self, *pairs: tuple[str, float, float]) -> list[attention.Look]:
        return attention.look_at_nodes(
            [node(key, after) for key, _, after in pairs], [node(key, before) for key, before, _ in pairs], sure_from=30
        )

    @pytest.mark.parametrize(("falls", "rises", "shown"), [
        (range(3, 9), range(4, 8), ["fall8", "fall7", "fall6", "rise7", "rise6"]),
        (range(3, 9), [4], ["fall8", "fall7", "fall6", "fall5", "rise4"]),
        (range(3, 9), [], ["fall8", "fall7", "fall6", "fall5", "fall4"]),
        ([3], range(3, 9), ["fall3", "rise8", "rise7", "rise6", "rise5"]),
        ([], range(3, 9), ["rise8", "rise7", "rise6", "rise5", "rise4"]),
        ([3, 4], [5], ["fall4", "fall3", "rise5"]),
    ])
    def test_are_falls_first_and_then_rises(self, falls, rises, shown):
        pairs = [(f"fall{size}", 80.0, 80.0 - size) for size in falls] + [(f"rise{size}", 70.0, 70.0 + size) for size in rises]
        assert [alert.node for alert in choose(self.looks(*pairs))] == shown

    def test_ask_for_no_more_verdicts_than_are_shown(self):
        pairs = [(f"fall{size}", 80.0, 80.0 - size) for size in range(3, 20)] + [(f"rise{size}", 70.0, 70.0 + size) for size in range(3, 20)]
        asked = []

        def judge(look):
            asked.append(look.node.key)
            return look.tested.change

        assert len(attention.choose_alerts(self.looks(*pairs), judge=judge)) == len(asked) == 5

    def test_leave_out_changes_under_two_points_however_sure(self):
        assert choose(self.looks(("a", 80.0, 78.1))) == ()
        assert len(choose(self.looks(("a", 80.0, 78.0)))) == len(choose(self.looks(("a", 70.0, 72.0)))) == 1

    def test_leave_out_groups_of_fewer_than_thirty(self):
        for n, count in ((29, 0), (30, 1)):
            looks = attention.look_at_nodes([node("a", 60.0, n)], [node("a", 80.0)], sure_from=30)
            assert len(looks) == count

    def test_of_a_segment_are_of_the_index_and_its_first_level_and_say_where(self):
        nodes = [replace(node(key, 80.0), depth=depth) for key, depth in (("csi", 0), ("service", 1), ("speed", 2))]
        before, after = (
            SegmentResult("region", "west", {"en": "West"}, PeriodResult(periods.EVERYTHING, 400, tuple(found), None, None))
            for found in (nodes, [replace(one, index=index(74.0)) for one in nodes])
        )
        alerts = choose(attention.look_at_segment(after, before, sure_from=30))
        assert {(one.node, one.dimension, one.level, one.level_names["en"]) for one in alerts} == {
            ("csi", "region", "west", "West"), ("service", "region", "west", "West")}
        assert choose(self.looks(("a", 80.0, 70.0)))[0].level_names == {}

    def test_are_tested_as_unweighted_means(self):
        before, after = node("a", 80.0, 30), node("a", 77.0, 30)
        look, = attention.look_at_nodes([after], [before], sure_from=30)
        assert look.tested == comparing.tested(before.index, after.index, is_weighted=False)
        assert look.tested != comparing.tested(before.index, after.index, is_weighted=True)

    def test_are_corrected_for_the_number_of_looks(self):
        """A change of 2.1 with p = 0.02 stands alone and falls among fifty looks at nothing."""
        close, = attention.look_at_nodes([node("close", 80.0)], [replace(node("close", 0.0), index=index(82.1, error=0.73))], sure_from=30)
        assert close.tested.p == pytest.approx(0.018, abs=0.002)
        nothing = self.looks(*((f"n{place}", 80.0, 80.0) for place in range(50)))
        assert len(choose([close])) == 1
        assert choose([close, *nothing]) == ()

    def test_name_nothing_that_another_page_calls_chance(self):
        looks = self.looks(("fall3", 80.0, 77.0), ("fall9", 80.0, 71.0))
        within = {"fall9"}

        def judge(look):
            verdict = Verdict.WITHIN if look.node.key in within else Verdict.BEYOND
            return replace(look.tested.change, verdict=verdict)

        assert [alert.node for alert in attention.choose_alerts(looks, judge=judge)] == ["fall3"]


class TestNumbers:
    @pytest.mark.parametrize(("value", "sign", "written"), [
        (79.64, False, "79.6"), (-3.35, True, "−3.4"), (2.34, True, "+2.3"), (-0.04, True, "0.0"), (None, True, "–"),
    ])
    def test_are_written_with_a_true_minus(self, value, sign, written):
        assert wording.number(value, sign=sign) == written

    def test_of_a_share_are_percent_and_of_nps_are_whole(self):
        assert wording.value_with_unit(Figure("satisfied_share", 9, 9, 0.7921, 0.7, 0.8, Status.SHOWN)) == "79.2%"
        assert wording.value_text(Figure("nps", 9, 9, 33.6, 30.0, 38.0, Status.SHOWN)) == "+34"

    def test_that_may_not_be_shown_say_why_in_four_different_ways(self):
        said = {
            wording.status_text(Figure("index", n, n, None, None, None, status, "", 10))
            for n, status in ((0, Status.NONE), (7, Status.TOO_FEW), (18, Status.FEW), (0, Status.WITHHELD))
        }
        assert len(said) == 4 and "7 answers. Scores are shown from 10." in said


class TestPeriodsInWords:
    @pytest.mark.parametrize(("key", "english", "chinese"), [
        ("2018", "2018", "2018 年"), ("2018-Q4", "Q4 2018", "2018 年第 4 季度"), ("2018-11", "Nov 2018", "2018 年 11 月"),
        ("2018-W47", "Week 47 of 2018", "2018 年第 47 周"), ("2018-11-22", "22 Nov 2018", "2018-11-22"),
        ("2018-10-01..2018-11-23", "1 Oct – 23 Nov 2018", "2018-10-01 – 11-23"), ("wave:Spring", "Spring", "Spring"),
        ("all", "All time", "全部时间"),
    ])
    def test_are_named_in_both_languages(self, key, english, chinese):
        period = periods.parse_period(key)
        assert wording.period_text(period) == english
        with translation.override("zh-hans"):
            assert wording.period_text(period) == chinese


class TestTheStamp:
    FRESH = Freshness(1, datetime(2026, 11, 23, 0, 10, tzinfo=UTC), 9, datetime(2026, 11, 23, 2, 24, tzinfo=UTC), False, None)

    def test_names_the_moment_and_the_time_zone(self):
        with timezone.override("Asia/Shanghai"):
            assert present_stamp(self.FRESH, at=self.FRESH.finished_at).text == "Answers up to 23 Nov 2026, 10:24 (UTC+8)"

    def test_names_the_day_alone_where_nobody_knows_the_time(self):
        newest = moment_of_day(date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))
        fresh = Freshness(1, self.FRESH.finished_at, 9, newest, False, None)
        with timezone.override("Asia/Shanghai"):
            assert present_stamp(fresh, at=self.FRESH.finished_at).text == "Answers up to 22 Nov 2026"

    def test_turns_amber_when_answers_have_waited_for_long(self):
        since = datetime(2026, 11, 23, 2, 24, tzinfo=UTC)
        waiting = Freshness(1, self.FRESH.finished_at, 9, since, True, since)
        assert not present_stamp(waiting, at=since + timedelta(seconds=30)).is_stale
        late = present_stamp(waiting, at=since + timedelta(minutes=10))
        assert late.is_stale and late.text.startswith("Not refreshed since 23 Nov 2026, 00:10")


class TestPlaces:
    def test_an_axis_holds_all_ends_and_the_target_in_steps_of_five(self):
        axis = geometry.axis_for([index(76.0), index(81.0)], target=90)
        assert (axis.low, axis.high) == (75, 90) and axis.percent(82.5) == 50
        assert geometry.axis_for([index(99.5)]).high == 100

    def test_a_stacked_bar_fills_its_width(self):
        pieces = geometry.stacked([Level(code, 1, 0.2) for code in range(1, 6)])
        assert [piece.tone for piece in pieces] == ["n2", "n1", "0", "p1", "p2"]
        assert pieces[-1].start + pieces[-1].width == pytest.approx(100)
        assert geometry.stacked([]) == ()

    @pytest.mark.parametrize(("distance", "tone"), [
        (-5.0, "h2n"), (-4.9, "h1n"), (-2.0, "h1n"), (-1.9, "h0"), (0.0, "h0"), (1.9, "h0"), (2.0, "h1p"), (5.0, "h2p"), (None, "h0"),
    ])
    def test_heat_changes_colour_at_two_and_five(self, distance, tone):
        assert geometry.heat_tone(distance) == tone


def point(value: float | None, *, label: str = "a", is_running: bool = False, last_year: float | None = None) -> Point:
    low, high = (value - 1, value + 1) if value is not None else (None, None)
    return Point(label, value, low, high, is_running, last_year, f"{label}: {value}")


def draw(*points: Point, target: float | None = 80):
    return trend_figure(points, bounds=(70, 85), target=target, target_label="Target", value_label="79")


class TestTheTrendFigure:
    def test_leaves_a_gap_where_there_is_no_value(self):
        figure = draw(point(76), point(77), point(None), point(78), point(79))
        ribbons = [trace for trace in figure["data"] if trace.get("fill") == "toself"]
        assert [trace["x"] for trace in ribbons] == [[0, 1, 1, 0], [3, 4, 4, 3]]
        line = next(trace for trace in figure["data"] if trace["mode"] == "lines+markers")
        assert line["y"] == [76, 77, None, 78, 79] and line["connectgaps"] is False

    def test_draws_a_running_period_as_an_open_circle_with_a_dotted_way(self):
        figure = draw(point(76), point(77, is_running=True))
        running = figure["data"][-1]
        assert running["line"]["dash"] == "dot" and running["marker"]["color"] == "var(--surface)"
        assert draw(point(76), point(77))["data"][-1]["line"].get("dash") is None

    def test_has_a_target_line_only_with_a_target(self):
        assert draw(point(76))["layout"]["shapes"][0]["y0"] == 80
        assert "shapes" not in draw(point(76), target=None)["layout"]

    def test_shows_last_year_dashed(self):
        figure = draw(point(76, last_year=70), point(77, last_year=71))
        assert any(trace["line"].get("dash") == "dash" and trace["y"] == [70, 71] for trace in figure["data"])

    def test_prints_labels_that_look_like_markup(self):
        figure = draw(point(76, label="<b>A</b> & Co"))
        assert figure["layout"]["xaxis"]["ticktext"] == ["&lt;b&gt;A&lt;/b&gt; &amp; Co"]

    def test_carries_no_template_and_only_tokens_for_colours(self):
        written = json.dumps(draw(*(point(70 + place) for place in range(12))))
        assert "template" not in written and len(written) < 6000
        assert "#" not in written and "var(--pos-2)" in written


class TestTheExport:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", " =1", "\t=1"])
    def test_makes_no_formula_of_a_text(self, cell):
        assert escape(cell) == f"'{cell}"

    def test_keeps_numbers_and_words(self):
        assert (escape(-3.5), escape("East"), escape(None)) == (-3.5, "East", "")

    def test_streams_line_by_line(self):
        rows = iter([("a", -1), ("=x", None)])
        assert list(stream_csv(rows)) == ["\ufeff", "a,-1\r\n", "'=x,\r\n"]


def test_a_running_period_ends_tomorrow():
    assert periods.parse_period("2026-11").is_running(date(2026, 11, 22))

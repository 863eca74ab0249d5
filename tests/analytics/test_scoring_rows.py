"""Reading rows: both ways give the same columns, and the rows that wait are found by one small index."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.scoring import blocks, row_copy, rows
from analytics.scoring.checking import check
from analytics.scoring.codes import INVALID, code_of, code_of_json
from analytics.scoring.columns import concatenate, to_bytes
from analytics.scoring.models import Block
from analytics.scoring.row_tables import microseconds_of
from analytics.scoring.rows import (
    RowLayout,
    countable_responses,
    local_days,
    read_columns,
    take_columns,
    waiting_responses,
)
from analytics.scoring.services import recompute
from surveys.answering.models import Response
from tests.analytics.builders import (
    AT,
    ITEMS,
    answer,
    answer_many,
    document,
    make_team,
    make_tree,
    publish,
    publish_again,
    rating,
    sheets,
    standard_document,
)

whole = st.one_of(st.integers(-3, 13), st.integers())
scalars = st.one_of(
    whole, st.none(), st.booleans(), st.sampled_from(["NA", "na", "3", "10", "", "\\N", "\t", "N\nA", "null", "好"]),
    st.floats(allow_nan=False, allow_infinity=False), st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12),
)
values = st.recursive(scalars, lambda part: st.one_of(st.lists(part, max_size=2), st.dictionaries(st.just("a"), part)))
answers_given = st.dictionaries(st.sampled_from([*ITEMS, "nps", "overall", "why"]), values)
attributes_given = st.dictionaries(st.sampled_from(["region", "7", "a'b\"%"]), values)
weights_given = st.one_of(st.none(), st.decimals(0, 1000, places=10))
moments_given = st.datetimes(datetime(1980, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
waves_given = st.sampled_from(["", "2018", "\\N", "tab\there", "back\\slash", "第一轮"])
one_row = st.tuples(answers_given, attributes_given, waves_given, weights_given, moments_given, st.booleans())


@pytest.fixture
def next_version(version):
    """The same questionnaire with one item less and another on a longer scale."""
    return publish_again(version.questionnaire, document(rating("overall"), rating("quality", 10), rating("speed")))


class TestReading:
    @pytest.mark.django_db
    @settings(max_examples=60, deadline=None)
    @given(given_rows=st.lists(one_row, max_size=8))
    def test_by_copy_and_through_django_gives_the_same_bytes(self, given_rows):
        questionnaire = self.stored(given_rows)
        layout = RowLayout("Asia/Shanghai", ("region", "7", "a'b\"%"))
        every = countable_responses(questionnaire).order_by("id")
        fast = read_columns(questionnaire, every, layout)
        most, row_copy.MOST_KEYS = row_copy.MOST_KEYS, -1
        try:
            plain = read_columns(questionnaire, every, layout)
        finally:
            row_copy.MOST_KEYS = most
        assert fast.rows == len(given_rows)
        assert to_bytes(fast) == to_bytes(plain)

    def stored(self, given_rows):
        Response.objects.all().delete()
        one = publish(make_team(), standard_document())
        other = publish_again(one.questionnaire, document(rating("overall"), rating("quality", 10), rating("speed")))
        for answers, attributes, wave, weight, moment, is_later in given_rows:
            answer(
                other if is_later else one, answers, at=moment, notes=False, attributes=attributes, wave=wave,
                respondent_weight=weight,
            )
        return one.questionnaire_id

    def test_an_answer_is_judged_by_the_scale_of_its_own_version(self, version, next_version):
        answer(version, {"quality": 7, "design": 4})
        answer(next_version, {"quality": 7, "design": 4})
        columns = read_columns(version.questionnaire_id, Response.objects.order_by("id"), RowLayout("UTC", ()))
        found = {(item.key, item.high): codes.tolist() for item, codes in columns.by_item.items()}
        assert found["quality", 5] == [INVALID, rows.NOT_ASKED] and found["quality", 10] == [rows.NOT_ASKED, 7]
        assert found["design", 5] == [4, rows.NOT_ASKED]

    def test_many_rows_come_some_at_a_time_and_are_the_same(self, version, monkeypatch):
        answer_many(version, sheets(20), every=timedelta(hours=5), attributes={"region": "East"}, wave="2018")
        every, layout = Response.objects.order_by("id"), RowLayout("UTC", ("region",))
        whole = read_columns(version.questionnaire_id, every, layout)
        monkeypatch.setattr(row_copy, "ROWS_PER_PASS", 3)
        monkeypatch.setattr(row_copy, "TABLE_ROWS", 6)
        parts = []
        take_columns(version.questionnaire_id, every, layout, parts.append)
        assert [part.rows for part in parts] == [6, 6, 6, 2]
        assert to_bytes(concatenate(parts)) == to_bytes(whole)

    def test_a_fault_on_the_way_leaves_the_connection_usable(self, version, monkeypatch):
        monkeypatch.setattr(row_copy, "ROWS_PER_PASS", 2)
        monkeypatch.setattr(row_copy, "TABLE_ROWS", 2)
        answer_many(version, sheets(5))

        def refuse(columns):
            raise ValueError(columns.rows)

        with pytest.raises(ValueError, match="2"):
            take_columns(version.questionnaire_id, Response.objects.order_by("id"), RowLayout("UTC", ()), refuse)
        assert Response.objects.count() == 5

    @given(values)
    def test_a_text_of_json_has_the_code_of_what_it_spells(self, value):
        assert code_of_json(json.dumps(value)) == code_of(value)

    def test_weights_are_whole_units(self, version):
        answer(version, {"quality": 1}, respondent_weight=Decimal("0.1234567891"))
        answer(version, {"quality": 2})
        columns = read_columns(version.questionnaire_id, Response.objects.order_by("id"), RowLayout("UTC", ()))
        assert columns.weights.tolist() == [1_234_567_891, 10_000_000_000]


class TestDays:
    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(st.datetimes(datetime(1890, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))),
        st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Africa/Monrovia", "Australia/Lord_Howe"]),
    )
    def test_are_those_of_the_clocks_of_the_zone(self, moments, name):
        zone = ZoneInfo(name)
        found = local_days(np.array([microseconds_of(moment) for moment in moments], dtype=np.int64), zone)
        assert found.tolist() == [moment.astimezone(zone).toordinal() for moment in moments]

    def test_turn_at_the_very_microsecond(self):
        midnight = datetime(2026, 11, 22, 18, 15, tzinfo=UTC)  # 00:00 in Kathmandu, 5:45 ahead
        moments = np.array([microseconds_of(midnight) - 1, microseconds_of(midnight)], dtype=np.int64)
        before, after = local_days(moments, ZoneInfo("Asia/Kathmandu")).tolist()
        assert after - before == 1


class TestWaitingRows:
    """The planner is told nothing true: statistics are made while all rows wait, or while none does."""

    @pytest.fixture
    def tree(self, version, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 50)
        return make_tree(version)

    def analyze(self):
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE surveys_response")

    def plans(self, questionnaire):
        tail = waiting_responses(questionnaire)
        with connection.cursor() as cursor:
            # Tables of a test are so small that reading them whole would be right.
            cursor.execute("SET LOCAL enable_seqscan = off")
        return [
            tail.values_list("id").explain(), tail.values_list("answers")[:1000].explain(),
            tail.values_list("id")[511:512].explain(), tail.filter(id__lte=10**6).values_list("id").explain(),
        ]

    @pytest.mark.parametrize("believes", ["all wait", "none waits"])
    def test_are_read_by_their_own_index_whatever_the_planner_believes(self, version, tree, believes):
        answer_many(version, sheets(1500))
        if believes == "all wait":
            self.analyze()
        recompute(tree=tree, at=AT)
        if believes == "none waits":
            self.analyze()
            answer_many(version, sheets(1500))
        for plan in self.plans(version.questionnaire_id):
            assert "responses_not_yet_sealed" in plan and plan.count("Scan") == 1, plan

    def test_those_of_another_questionnaire_are_left_alone(self, version, tree):
        other = publish(version.questionnaire.team, standard_document(), name="Another")
        answer_many(version, sheets(3))
        answer_many(other, sheets(4))
        assert waiting_responses(version.questionnaire_id).count() == 3


class TestChecking:
    def test_sees_a_row_that_is_marked_with_a_block_it_is_not_in(self, version, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        tree = make_tree(version)
        made = answer_many(version, sheets(20))
        recompute(tree=tree, at=AT)
        Response.objects.filter(pk=made[0].pk).update(block_id=10**9)
        assert check(tree=tree, at=AT).differences == ()
        late = answer(version, {"quality": 1}, notes=False)
        Response.objects.filter(pk=late.pk).update(block_id=10**9)
        report = check(tree=tree, at=AT + timedelta(hours=1))
        assert report.responses == 21 and report.differences

    def test_a_block_with_one_byte_changed_is_refused(self, version, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        answer_many(version, sheets(20))
        recompute(tree=make_tree(version), at=AT)
        block = Block.objects.get()
        damaged = bytearray(block.columns)
        damaged[-1] ^= 1
        Block.objects.filter(pk=block.pk).update(columns=bytes(damaged))
        with pytest.raises(blocks.stored.DamagedBlockError):
            blocks.load(block)

    def test_blocks_come_in_their_order_however_many_are_fetched_at_once(self, version, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        tree = make_tree(version)
        for count in (10, 11, 12):
            answer_many(version, sheets(count))
            recompute(tree=tree, at=AT)
        held = list(Block.objects.order_by("-id").defer("columns"))
        monkeypatch.setattr(blocks, "FETCHED_AT_ONCE", 2)
        assert [columns.rows for columns in blocks.load_each(held)] == [12, 11, 10]
        assert [to_bytes(columns) for columns in blocks.load_each(held)] == [
            bytes(block.columns) for block in Block.objects.order_by("-id")
        ]

    def test_a_block_whose_columns_were_dropped_says_so(self, version, monkeypatch):
        monkeypatch.setattr(blocks, "SEAL_ROWS", 10)
        answer_many(version, sheets(20))
        recompute(tree=make_tree(version), at=AT)
        Block.objects.update(columns=b"")
        with pytest.raises(blocks.ClearedBlockError):
            blocks.load(Block.objects.get())

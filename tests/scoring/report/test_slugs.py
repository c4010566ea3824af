import re

from hypothesis import given
from hypothesis import strategies as st

from ethocache.scoring.report.slugs import slugs_of

HOSTILE = ["<script>alert(1)</script>", "..", "../../etc", "a'b\"c", "Übung é", "CON", "a/b", "a\\b", "", "💡", "x" * 300, "cage.m1", "-"]


def test_a_plain_name_is_kept():
    assert slugs_of(["WT_YFP_01", "m-2"]) == {"WT_YFP_01": "WT_YFP_01", "m-2": "m-2"}


def test_hostile_names_become_safe_ones_that_can_still_be_recognised():
    slugs = slugs_of(HOSTILE)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,70}", slug) for slug in slugs.values())
    assert slugs["Übung é"].startswith("Ubung-e-")
    assert slugs["cage.m1"].startswith("cage-m1-")
    assert slugs["CON"] != "CON"
    assert slugs["💡"].startswith("video-")


@given(st.lists(st.text(), unique=True))
def test_different_videos_have_different_files_also_where_capital_letters_do_not_count(videos):
    slugs = [slug.casefold() for slug in slugs_of(videos).values()]
    assert len(set(slugs)) == len(videos)


def test_a_video_keeps_its_name_when_others_come():
    assert slugs_of(["a b"])["a b"] == slugs_of(["c", "a b", "a-b"])["a b"]

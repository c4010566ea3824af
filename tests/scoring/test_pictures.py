import pytest

from ethocache.scoring.pictures import short_names


def test_a_name_that_fits_stays_as_it_is_on_one_line():
    assert short_names(["grooming", "rear\n at  wall"], 12) == ["grooming", "rear at wall"]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["2024-03-01_cohort_B_camera_1", "2024-03-01_cohort_B_camera_2"], ["2024-03-01…era_1", "2024-03-01…era_2"]),
        (["bout 1 of many in the lab", "bout 2 of many in the lab"], ["bout 1 of…e lab", "bout 2 of…e lab"]),
        (["the behaviour 1 of the lab", "the behaviour 2 of the lab"], ["the behaviour 1…", "the behaviour 2…"]),
        (["the very long one, 1 of the", "the very long one, 2 of the"], ["…g one, 1 of the", "…g one, 2 of the"]),
        (["x" * 20 + "1" + "y" * 20, "x" * 20 + "2" + "y" * 20], ["1: xxxxxxx…yyyyy", "2: xxxxxxx…yyyyy"]),
    ],
)
def test_different_names_stay_different_when_they_are_cut(names, short):
    assert short_names(names, 16) == short


def test_equal_names_stay_equal():
    assert len(set(short_names(["a very long name that does not fit"] * 2, 16))) == 1

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.label_table import LabelTable
from ethocache.dataset.raters import combine, means, split_frames


def table(*marks):
    return LabelTable(("grooming",), np.array(marks, np.int8).reshape(-1, 1))


def combined(how, *columns):
    return combine({str(rater): table(*column) for rater, column in enumerate(columns)}, how).values[:, 0].tolist()


def test_the_majority_decides_and_a_split_is_unknown():
    assert combined("majority", (1, 1, 0, 1, -1, -1), (1, 0, 0, 0, 1, -1), (0, 0, 0, -1, -1, -1)) == [1, 0, 0, -1, 1, -1]


def test_the_union_takes_what_anyone_saw():
    assert combined("union", (1, 0, 0, -1, -1), (0, 0, -1, 1, -1)) == [1, 0, 0, 1, -1]


def test_where_the_mean_is_learned_the_majority_is_scored():
    columns = (1, 1, 0, 1), (1, 0, 0, -1)
    assert combined("mean", *columns) == combined("majority", *columns)
    tables = {str(rater): table(*column) for rater, column in enumerate(columns)}
    assert means(tables, "mean") and not means(tables, "majority")
    assert not means({"0": tables["0"]}, "mean"), "what one person says is no mean"


def test_one_person_can_be_chosen():
    assert combined("1", (1, 0), (0, 1)) == [0, 1]


def test_a_single_rater_needs_no_setting():
    assert combined(None, (1, 0, -1)) == combined("majority", (1, 0, -1)) == [1, 0, -1]


def test_several_people_need_a_setting_and_an_unknown_person_is_refused():
    tables = {"rater_1": table(1), "rater_2": table(0)}
    with pytest.raises(
        InputError, match=r"several people labelled this video, 'rater_1', 'rater_2'; set labels.raters to majority, mean, union or one"
    ):
        combine(tables, None)
    with pytest.raises(InputError, match=r"labels.raters: nobody called 'rater_11' labelled this video, did you mean 'rater_1'"):
        combine(tables, "rater_11")


def test_a_person_may_not_be_called_as_a_way_to_combine():
    for way in ("union", "majority", "mean"):
        with pytest.raises(InputError, match=f"a person is called '{way}', which is a way to combine"):
            combine({way: table(1), "rater_2": table(0)}, way)


def test_frames_on_which_people_are_split_are_counted():
    assert split_frames({"rater_1": table(1, 1, 0, -1), "rater_2": table(0, 1, 0, 1)}) == 1

import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.training_curves import FINAL, FOLD, TrainingCurve, curve_of, read_curves, write_curves

CURVES = [
    TrainingCurve('lstm, "seed" 1', FOLD, "Größe <b>_$x$", (0.75, 0.5), (0.25, 0.5), 2),
    TrainingCurve('lstm, "seed" 1', FOLD, "m2", (0.5,), (None,), 1),
    TrainingCurve("tcn", FOLD, "m2", (0.5, 0.25, 0.125), (0.25, 0.75, 0.5), 2),
    TrainingCurve("tcn", FINAL, "", (0.5, 0.25), (None, None), 2),
    TrainingCurve("tcn", FINAL, "", (0.5, 0.125), (None, None), 2),
]


def test_what_is_written_is_read_again(tmp_path):
    write_curves(tmp_path / "training.csv", CURVES)
    assert read_curves(tmp_path / "training.csv") == CURVES


def test_the_table_has_a_line_for_each_epoch(tmp_path):
    write_curves(tmp_path / "training.csv", CURVES[2:4])
    assert (tmp_path / "training.csv").read_text() == (
        "network,training,animals,epoch,loss,average_precision,kept\n"
        "tcn,fold,m2,1,0.5,0.2500,no\n"
        "tcn,fold,m2,2,0.25,0.7500,yes\n"
        "tcn,fold,m2,3,0.125,0.5000,no\n"
        "tcn,final model,,1,0.5,,no\n"
        "tcn,final model,,2,0.25,,yes\n"
    )


def test_a_training_that_scored_nothing_has_a_header_only(tmp_path):
    write_curves(tmp_path / "training.csv", [])
    assert read_curves(tmp_path / "training.csv") == []


def test_what_a_fit_noted_becomes_a_curve():
    noted = [{"epoch": 1, "loss": 0.5, "average_precision": 0.25}, {"epoch": 2, "loss": 0.25, "average_precision": None}]
    assert curve_of("lstm", FOLD, "m1", noted, 1) == TrainingCurve("lstm", FOLD, "m1", (0.5, 0.25), (0.25, None), 1)


def test_a_file_that_is_not_there_says_which_stage_makes_it(tmp_path):
    with pytest.raises(InputError, match=r"training\.csv: expected the curves of the training, found no file; run dvc repro train"):
        read_curves(tmp_path / "training.csv")


@pytest.mark.parametrize(
    "text", ["epoch\n1\n", "network,training,animals,epoch,loss,average_precision,kept\nlstm,fold,a,1,much,0.5,yes\n", "epoch,kept\n1,no\n"]
)
def test_another_table_is_refused(tmp_path, text):
    (tmp_path / "training.csv").write_text(text)
    with pytest.raises(InputError, match="damaged, or not the curves of a training; delete it and run dvc repro train"):
        read_curves(tmp_path / "training.csv")


def test_a_kept_epoch_that_never_was_is_refused():
    with pytest.raises(ValueError, match="a kept epoch among them"):
        TrainingCurve("lstm", FOLD, "m1", (0.5,), (0.5,), 2)

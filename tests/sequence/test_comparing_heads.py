"""``ethocache compare`` on trained heads, where it is known which must be better: features under noise, bouts that last."""

import pytest
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.store import Store
from ethocache.dataset.predictions import fill_predictions
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system

RECIPES = {"linear": {"kind": "linear"}, "lstm": {"kind": "lstm", "units": 16, "layers": 1, "project": 0}}
PARAMS = TrainParams(epochs=25, patience=8, learning_rate=0.02, batch_size=4, window_s=10, overlap_s=1)


@pytest.fixture
def trained(tmp_path, litter, monkeypatch):
    """Return a function that trains a head on eight animals, and says in which folder its predictions are."""
    (tmp_path / "params.yaml").write_text("evaluate: {}\n")
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "store")

    def train(head, seed=0, smoothing="auto"):
        system = read_system(
            resolve_head(head, RECIPES), PARAMS.model_copy(update={"seed": seed}), DecideParams(smoothing=smoothing), ("planted",)
        )
        result = run_training(store, litter(8, height=1.0), ("grooming", "rearing"), system)
        fill_predictions(tmp_path / f"{head}-{seed}", result.predictions)
        return f"{head}-{seed}"

    return train


def compare(*names):
    answer = CliRunner().invoke(app, ["compare", *names])
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.slow
def test_a_head_that_sees_time_beats_one_that_does_not_where_single_frames_are_noisy(trained):
    assert "lstm-0 is better than linear-0 by 0." in compare(trained("linear", smoothing="none"), trained("lstm", smoothing="none"))


def test_two_seeds_of_a_head_do_not_differ(trained):
    assert "no difference between linear-0 and linear-1 that can be told from chance" in compare(
        trained("linear"), trained("linear", seed=1)
    )

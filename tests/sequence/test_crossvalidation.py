"""Nothing of a scored animal decides what scores it, and nothing is trained twice."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.sequence import crossvalidation
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.heads import resolve_head
from ethocache.sequence.model_file import load_model
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system
from ethocache.sequence.thresholds import macro_average_precision

TCN = {"kind": "tcn", "levels": 2, "channels": 8, "project": 0, "train": {"window_s": 5, "overlap_s": 1}}
RECIPES = {
    "tcn": TCN,
    "wide": TCN | {"channels": 12},
    "both": {"kind": "ensemble", "members": [{"head": "tcn"}, {"head": "wide"}]},
    "seeds": {"kind": "ensemble", "combine": "stacked", "members": [{"head": "tcn", "seed": 0}, {"head": "tcn", "seed": 1}]},
}
PARAMS = TrainParams(epochs=8, patience=3, learning_rate=0.02, batch_size=4)
BEHAVIOURS = ("grooming", "rearing")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def train(store, videos, head="tcn", decide=None, **changes):
    system = read_system(resolve_head(head, RECIPES), PARAMS.model_copy(update=changes), DecideParams(**decide or {}), ("planted",))
    return run_training(store, videos, BEHAVIOURS, system)


def folds(result, fold):
    return [entry for entry in result.entries if list(entry.recipe.get("scored", {})) == [fold]]


def test_every_labelled_frame_is_scored_by_a_model_that_never_saw_its_animal(store, litter, plant):
    videos = [*litter(3), plant("m0 again", animal="m0", frames=77)]
    result = train(store, videos)
    assert [prediction.video for prediction in result.predictions] == ["m0", "m0 again", "m1", "m2"]
    assert [prediction.probability.shape for prediction in result.predictions] == [(200, 2), (77, 2), (200, 2), (200, 2)]
    assert [prediction.fold for prediction in result.predictions] == ["m0", "m0", "m1", "m2"]
    for entry in result.entries[:-1]:
        sides = [set(entry.recipe[side]) for side in ("scored", "inner", "fitted")]
        assert sum(map(len, sides)) == len(set.union(*sides)) == 4
        assert not any({"m0", "m0 again"} & side and not {"m0", "m0 again"} <= side for side in sides)


def test_unseen_animals_are_tagged_well_and_the_final_model_tags_as_well(store, litter):
    result = train(store, litter(5), epochs=25, patience=8)
    labels = np.concatenate([prediction.label for prediction in result.predictions])
    score = macro_average_precision(labels, np.concatenate([prediction.probability for prediction in result.predictions]))
    assert score is not None and score > 0.9
    card = load_model(result.model.folder).card
    assert card.streams == ("planted",) and card.animals == ("m0", "m1", "m2", "m3", "m4")
    (member,) = card.members
    assert member.epochs == sorted(member.fold_epochs)[2]
    assert member.train.window_s == 5


def test_a_scored_animal_with_inverted_labels_changes_nothing_in_its_fold(tmp_path, litter):
    honest, poisoned = litter(4), litter(4)
    poisoned[1].labels[:] = 1 - poisoned[1].labels
    one, other = train(Store(tmp_path / "a"), honest), train(Store(tmp_path / "b"), poisoned)
    assert np.array_equal(one.predictions[1].label, 1 - other.predictions[1].label)
    assert one.predictions[1].probability.tobytes() == other.predictions[1].probability.tobytes()
    assert one.predictions[1].threshold.tobytes() == other.predictions[1].threshold.tobytes()
    assert one.predictions[1].tag.tobytes() == other.predictions[1].tag.tobytes()
    (entry,), (again,) = folds(one, "m1"), folds(other, "m1")
    assert entry.key == again.key
    for name in ("fold.json", "scored.npy", "inner.npy"):
        assert entry.path(name).read_bytes() == again.path(name).read_bytes()
    assert {"best_epoch", "weights_sha256", "curve"} == set(json.loads(entry.path("fold.json").read_text()))


def test_shuffled_labels_score_at_chance(store, litter):
    videos = [replace(video, labels=np.random.default_rng(i).permutation(video.labels)) for i, video in enumerate(litter(5))]
    result = train(store, videos)
    labels = np.concatenate([prediction.label for prediction in result.predictions])
    score = macro_average_precision(labels, np.concatenate([prediction.probability for prediction in result.predictions]))
    assert score is not None and score < 1.6 * (labels == 1).mean()


def test_the_same_training_gives_the_same_bytes(tmp_path, litter):
    one, other = (train(Store(tmp_path / name), litter(3)) for name in "ab")
    assert [entry.key for entry in one.entries] == [entry.key for entry in other.entries]
    assert [entry.files for entry in one.entries] == [entry.files for entry in other.entries]


def test_nothing_is_trained_twice(store, litter):
    videos = litter(3)
    first = train(store, videos)
    assert (first.trained, first.kept) == (4, 0)
    again = train(store, videos[::-1])
    assert (again.trained, again.kept) == (0, 4)
    assert again.model.folder == first.model.folder
    facts = [entry.facts for entry in again.entries]
    assert all(set(fact) == {"frames", "seconds", "bytes", "peak_memory_mb", "device"} for fact in facts)


def test_an_edited_label_leaves_the_fold_that_scores_it(store, litter):
    videos = litter(4)
    train(store, videos)
    videos[0].labels[:5, 0] = 1
    again = train(store, videos)
    assert (again.trained, again.kept) == (4, 1)
    assert again.predictions[0].label[:5, 0].all()


@pytest.mark.parametrize(
    ("changes", "trained"),
    [
        ({"seed": 1}, 4),
        ({"max_folds": 9}, 0),
        ({"epochs_final": 3}, 0),
        ({"learning_rate": 0.01}, 4),
        ({"decide": {"threshold": "recall"}}, 0),
        ({"head": "both"}, 4),
    ],
)
def test_only_settings_that_matter_train_again(store, litter, changes, trained):
    train(store, litter(3))
    assert train(store, litter(3), **changes).trained == trained


def test_every_fold_and_the_final_model_say_how_they_were_trained(store, litter):
    result = train(store, litter(3), head="both")
    assert [(curve.network, curve.training, curve.animals) for curve in result.curves] == [
        *((name, "fold", animal) for name in ("tcn", "wide") for animal in ("m0", "m1", "m2")),
        ("tcn", "final model", ""),
        ("wide", "final model", ""),
    ]
    kept = [json.loads(entry.path("fold.json").read_text())["best_epoch"] for entry in result.entries[:6]]
    assert [curve.kept for curve in result.curves] == [*kept, sorted(kept[:3])[1], sorted(kept[3:])[1]]
    for curve in result.curves[:6]:
        assert curve.average_precision[curve.kept - 1] == max(curve.average_precision)
    assert train(store, litter(3), head="both").curves == result.curves


def test_without_folds_there_is_the_curve_of_the_final_model(store, litter):
    (curve,) = train(store, litter(2), score=False, epochs_final=3).curves
    assert (curve.training, curve.kept, curve.average_precision) == ("final model", 3, (None, None, None))


def test_members_are_trained_once_each_and_together_make_the_tags(store, litter):
    alone, both = train(store, litter(3)), train(store, litter(3), head="both")
    assert (both.trained, both.kept) == (4, 4), "the tcn is kept already"
    wide = train(store, litter(3), head="wide")
    assert wide.trained == 0
    model = load_model(both.model.folder)
    assert [member.head["channels"] for member in model.card.members] == [8, 12]
    assert model.verdict.weights.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    plain = {"calibration": "none", "smoothing": "none"}
    alone, both, wide = (train(store, litter(3), head=head, decide=plain).predictions[0].probability for head in ("tcn", "both", "wide"))
    np.testing.assert_allclose(both, (alone + wide) / 2, atol=1e-6)


def test_what_members_count_is_chosen_without_the_scored_animal(tmp_path, litter):
    honest, poisoned = litter(4), litter(4)
    poisoned[1].labels[:] = 1 - poisoned[1].labels
    one, other = (train(Store(tmp_path / name), videos, head="seeds") for name, videos in (("a", honest), ("b", poisoned)))
    assert one.predictions[1].probability.tobytes() == other.predictions[1].probability.tobytes()
    assert one.predictions[1].tag.tobytes() == other.predictions[1].tag.tobytes()
    weights = load_model(one.model.folder).verdict.weights
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert (weights != 0.5).any()


def test_a_killed_training_goes_on_after_its_last_fold(store, litter, monkeypatch):
    calls = []

    def killed_in_the_third(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    real = crossvalidation.train_fold
    monkeypatch.setattr(crossvalidation, "train_fold", killed_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        train(store, litter(4))
    monkeypatch.undo()
    result = train(store, litter(4))
    assert (result.trained, result.kept) == (3, 2)


def test_two_animals_are_refused_and_trained_on_without_a_score(store, litter):
    with pytest.raises(InputError, match=r"at least 3 animals .* -S train.score=false"):
        train(store, litter(2))
    result = train(store, litter(2), score=False, epochs_final=4)
    assert result.predictions == [] and result.trained == 1
    card = load_model(result.model.folder).card
    assert (card.members[0].epochs, card.members[0].fold_epochs) == (4, ())
    assert load_model(result.model.folder).verdict.decision.threshold.tolist() == [0.5, 0.5]
    fixed = train(store, litter(2), score=False, epochs_final=4, decide={"threshold": 0.25})
    assert load_model(fixed.model.folder).verdict.decision.threshold.tolist() == [0.25, 0.25]


def test_a_member_is_trained_for_its_own_number_of_epochs_where_nobody_stops_it(store, litter):
    recipes = RECIPES | {"wide": RECIPES["wide"] | {"train": TCN["train"] | {"epochs_final": 5}}}
    params = PARAMS.model_copy(update={"score": False, "epochs_final": 2})
    system = read_system(resolve_head("both", recipes), params, DecideParams(), ("planted",))
    model = run_training(store, litter(2), BEHAVIOURS, system).model
    assert [member.epochs for member in load_model(model.folder).card.members] == [2, 5]


def test_what_only_folds_go_by_trains_no_final_network_again(store, litter):
    first = train(store, litter(2), score=False, epochs_final=3)
    again = train(store, litter(2), score=False, epochs_final=3, patience=7)
    assert (again.trained, again.kept) == (0, 1)
    assert load_model(again.model.folder).card.members[0].train.patience == 7 and again.model.key != first.model.key


def test_a_behaviour_of_one_animal_neither_crashes_nor_gets_a_threshold_from_nowhere(store, litter):
    videos = litter(3)
    for video in videos[1:]:
        video.labels[:, 1] = 0
    result = train(store, videos)
    assert result.predictions[0].threshold[1] == 0.5
    assert np.isfinite(np.concatenate([prediction.probability for prediction in result.predictions])).all()


def test_exclusive_behaviours_have_probabilities_that_leave_room_for_none(store, litter):
    result = train(store, litter(3), task="exclusive")
    assert all(prediction.exclusive and (prediction.probability.sum(axis=1) <= 1 + 1e-5).all() for prediction in result.predictions)
    assert load_model(result.model.folder).card.exclusive
    assert all((prediction.tag.sum(axis=1) <= 1).all() for prediction in result.predictions)


def test_many_animals_are_scored_in_groups(store, litter):
    result = train(store, litter(5, frames=60), max_folds=4, groups=3, epochs=1)
    assert result.trained == 4
    assert {prediction.fold for prediction in result.predictions} == {"group_1", "group_2", "group_3"}


REPEAT = """
import sys
from pathlib import Path
import numpy as np
from ethocache.common.store import Store
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system
from ethocache.sequence.videos import TrainingVideo

def closed():
    raise RuntimeError("features are not needed")

head, train, *names = __import__("json").loads(sys.argv[2])
labels = {name: np.load(Path(sys.argv[1]) / f"{name}.npy") for name in names}
videos = [
    TrainingVideo(name, name, closed, (f"key of {name}",), table, np.arange(len(table)) / 10, ("planted",))
    for name, table in labels.items()
]
system = read_system(head, TrainParams(**train), DecideParams(), ("planted",))
result = run_training(Store(Path(sys.argv[1]) / "store"), videos, ("grooming", "rearing"), system)
print(result.trained, result.kept, "torch" in sys.modules, "sklearn" in sys.modules)
"""


def test_a_repeated_training_opens_no_features_and_loads_no_torch(store, litter, tmp_path):
    videos = litter(3)
    train(store, videos)
    for video in videos:
        np.save(tmp_path / f"{video.id}.npy", video.labels)
    work = json.dumps([resolve_head("tcn", RECIPES), PARAMS.model_dump(), *(video.id for video in videos)])
    done = subprocess.run([sys.executable, "-c", REPEAT, str(tmp_path), work], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["0", "4", "False", "False"], done.stderr


def test_animals_on_which_settings_were_searched_are_marked_and_nothing_is_trained_anew(store, litter, monkeypatch):
    videos = litter(3)
    train(store, videos)
    monkeypatch.setitem(RECIPES, "tcn", TCN | {"tuned_on": ["m0", "m2"]})
    again = train(store, videos)
    assert [prediction.seen for prediction in again.predictions] == [True, False, True]
    assert (again.trained, again.kept) == (0, 4)


def test_what_people_say_trains_anew_only_where_their_mean_is_learned_and_is_another(store, litter):
    """m0 has two raters; the folds in which it is neither learned from nor deciding stay, and it decides by the majority alone."""
    videos = litter(3)
    other = videos[0].labels.copy()
    other[:50] = 1 - other[:50]
    assert train(store, videos).trained == 4
    said = [replace(videos[0], raters=(videos[0].labels, other)), *videos[1:]]
    assert (train(store, said).trained, train(store, said).trained) == (2, 0)
    swapped = [replace(videos[0], raters=(other, videos[0].labels)), *videos[1:]]
    assert train(store, swapped).trained == 0, "whoever says it, the mean is the same"

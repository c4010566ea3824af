"""What SimBA and JABS do, on our pose features: a classifier of single frames that sees windows around them.

Each frame is its pose features and their mean, standard deviation, least and greatest value over windows of a few lengths. Gradient
boosting or logistic regression tells the behaviours apart; classes weigh by the inverse square root of their frames, as in `train`.
How many trees, how strong the penalty, and how long a box filter over the probabilities are chosen on every fourth training session by
a model of the others; then the classifier is fitted on all of them. No test session takes part in any of it.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rats_project import BEHAVIOURS, FPS, Floats, Session, Tags, answer
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from ethocache.dataset.predictions import Prediction
from ethocache.scoring.measures import by_animal, score_of
from ethocache.sequence.targets import class_weights, classes_of

WINDOWS_S = (0.5, 2.0, 6.0)
BOXES_S = (0.0, 0.5, 1.0, 2.0, 3.0)
EVERY = 6  # neighbouring frames are nearly equal: a sixth of them teaches as much
TREES = (20, 40, 80, 120)
BINS = 63
PENALTIES = (0.0003, 0.003, 0.03)
CHOSEN_BY = ("f1", "average_precision", "bout_f1_50")

Classes = npt.NDArray[np.int64]


def baseline(kind: str, train: Sequence[Session], test: Sequence[Session], seed: int) -> tuple[list[Prediction], dict[str, Any]]:
    """Return a baseline's answers for the test sessions, and what was chosen on the training sessions.

    Parameters
    ----------
    kind
        ``gb`` (gradient boosting) or ``logistic``.
    """
    start = time.perf_counter()
    strength, box_s = choose(kind, train, seed)
    model = fit(kind, *training_frames(train), strength, seed)
    fitted_s = time.perf_counter() - start
    answers = [as_answer(session, probabilities(model, session), box_s) for session in test]
    name = "trees" if kind == "gb" else "penalty"
    return answers, {name: strength, "box_s": box_s, "train_seconds": round(fitted_s, 1)}


def choose(kind: str, train: Sequence[Session], seed: int) -> tuple[float, float]:
    """Return the trees or the penalty, and the seconds of the box filter, that are best on every fourth training session."""
    left_out = train[::4]
    x, classes = training_frames([session for number, session in enumerate(train) if number % 4])
    scores = {}
    for strength, answers in _tried(kind, x, classes, left_out, seed):
        for box_s in BOXES_S:
            boxed = [as_answer(session, probability, box_s) for session, probability in zip(left_out, answers, strict=True)]
            scores[strength, box_s] = quality(boxed)
    return max(scores, key=lambda choice: scores[choice])


def _tried(kind: str, x: Floats, classes: Classes, left_out: Sequence[Session], seed: int) -> Iterator[tuple[float, list[Floats]]]:
    if kind == "logistic":
        for penalty in PENALTIES:
            model = fit(kind, x, classes, penalty, seed)
            yield penalty, [probabilities(model, session) for session in left_out]
        return
    model = fit(kind, x, classes, max(TREES), seed)
    stages = [staged_probabilities(model, session) for session in left_out]
    for trees in TREES:
        yield trees, [stage[trees] for stage in stages]


def fit(kind: str, x: Floats, classes: Classes, strength: float, seed: int) -> Any:
    """Fit on frames (N, F) of classes (N,) that count from 0."""
    weight = class_weights(np.bincount(classes, minlength=len(BEHAVIOURS)), "sqrt")[classes]
    if kind == "gb":
        # the trees' own way to cut features into bins weighs every frame, which takes longer than all trees
        bins = KBinsDiscretizer(
            BINS, encode="ordinal", subsample=10_000, random_state=seed, dtype=np.float32, quantile_method="averaged_inverted_cdf"
        )
        trees = HistGradientBoostingClassifier(
            max_iter=int(strength), learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=100, l2_regularization=5.0,
            max_features=0.3, max_bins=BINS, early_stopping=False, random_state=seed,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # features of one or few values make fewer bins
            return make_pipeline(bins, trees).fit(x, classes, histgradientboostingclassifier__sample_weight=weight)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=150, tol=1e-3))
    return model.fit(x, classes, logisticregression__sample_weight=weight)


def training_frames(sessions: Sequence[Session]) -> tuple[Floats, Classes]:
    """Return every sixth frame that somebody looked at, (N, F), and its behaviour (N,), counted from 0."""
    x, classes = [], []
    for session in sessions:
        behaviour = classes_of(session.labels)
        frames = np.flatnonzero(behaviour > 0)[::EVERY]
        x.append(windowed(session.features)[frames])
        classes.append(behaviour[frames].astype(np.int64) - 1)
    return np.concatenate(x), np.concatenate(classes)


def windowed(features: Floats) -> Floats:
    """Return features (T, D) with their mean, standard deviation, least and greatest value over each window, (T, D (1 + 4 W))."""
    parts = [features]
    for length in (max(1, round(seconds * FPS)) for seconds in WINDOWS_S):
        mean = uniform_filter1d(features, length, axis=0, mode="nearest", output=np.float64)
        square = uniform_filter1d(features.astype(np.float64) ** 2, length, axis=0, mode="nearest")
        least, greatest = (one(features, length, axis=0, mode="nearest") for one in (minimum_filter1d, maximum_filter1d))
        parts += [mean.astype(np.float32), np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float32), least, greatest]
    return np.concatenate(parts, axis=1)


def probabilities(model: Any, session: Session) -> Floats:
    """Return (T, B) of every frame; 0 for a behaviour that training did not show."""
    return _all_behaviours(model.predict_proba(windowed(session.features)), model.classes_)


def staged_probabilities(model: Any, session: Session) -> dict[int, Floats]:
    """Return (T, B) after each number of trees that may be chosen."""
    bins, boosted = model
    stages = enumerate(boosted.staged_predict_proba(bins.transform(windowed(session.features))), 1)
    return {trees: _all_behaviours(stage, model.classes_) for trees, stage in stages if trees in TREES}


def _all_behaviours(known: npt.NDArray[np.floating], classes: Classes) -> Floats:
    every = np.zeros((len(known), len(BEHAVIOURS)), np.float32)
    every[:, classes] = known
    return every


def as_answer(session: Session, probability: Floats, box_s: float) -> Prediction:
    """Return probabilities smoothed by a box, and the likeliest behaviour of each frame as its tag."""
    smooth = boxed(probability, box_s)
    return answer(session.name, smooth, likeliest(smooth), session.labels)


def boxed(probability: Floats, box_s: float) -> Floats:
    """Return the mean of probabilities (T, B) over `box_s` seconds around each frame."""
    length = max(1, round(box_s * FPS))
    smooth = uniform_filter1d(probability.astype(np.float64), length, axis=0, mode="nearest")
    return np.asarray(np.clip(smooth, 0, 1), np.float32)


def likeliest(probability: Floats) -> Tags:
    """Return tags (T, B): 1 for the likeliest behaviour of each frame."""
    return np.asarray(np.eye(probability.shape[1], dtype=np.int8)[probability.argmax(axis=1)])


def quality(answers: Sequence[Prediction]) -> float:
    """Return the mean over behaviours that are shown of frame F1, average precision and bout F1."""
    scores = [score_of(measure, animals) for animals in by_animal(answers).values() for measure in CHOSEN_BY]
    return float(np.nanmean(scores))

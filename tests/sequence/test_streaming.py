"""A stream gets the tags that the whole video gets, as late as it says."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.sequence.calibration import Isotonic, Temperature
from ethocache.sequence.decision import Decision
from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import predict_video
from ethocache.sequence.markov import Chain
from ethocache.sequence.model_file import MemberCard, Model, ModelCard
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.stream_decision import DecisionStream
from ethocache.sequence.streaming import TagStream
from ethocache.sequence.verdict import Verdict

FPS, DIMENSIONS, BEHAVIOURS = 30.0, 6, ("grooming", "rearing")
LSTM = {"kind": "lstm", "units": 8, "bidirectional": False}
TCN = {"kind": "tcn", "levels": 3, "channels": 8, "causal": True}


def decision(exclusive=False, **changes):
    values = {
        "calibration": Temperature((1.5, 0.8), (0.2, -0.3)),
        "filter": "mean",
        "box_s": (0.5, 0.2),
        "cut": (0.5, 0.5),
        "max_gap_s": (0.3, 0.2),
        "min_bout_s": (0.4, 0.1),
        "chains": (),
    }
    if exclusive:
        values |= {"calibration": Temperature((1.2, 1.2, 1.2), (0.0, 0.2, -0.3)), "box_s": (0.3, 0.3)}
    return Decision(BEHAVIOURS, exclusive, **(values | changes))


def model(*heads, max_fps=None, says=None, sharp=25.0):
    says = says or decision()
    train = TrainParams(max_fps=max_fps, task="exclusive" if says.exclusive else "multilabel")
    networks = []
    for seed, values in enumerate(heads):
        torch.manual_seed(seed)
        networks.append(TaggingNetwork(DIMENSIONS, 2, parse_head(values, "head"), train).eval())
        with torch.no_grad():
            networks[-1].head.read_out.weight.mul_(sharp)  # so that probabilities are not all about .5
    cards = [
        MemberCard(
            streams=("x",),
            dimensions=DIMENSIONS,
            head=values,
            train=train,
            epochs=1,
            fold_epochs=(),
            weights="n.safetensors",
            weights_sha256="",
        )
        for values in heads
    ]
    weights = np.full((len(heads), 2), 1 / len(heads))
    verdict = Verdict(weights, says)
    card = ModelCard(behaviours=BEHAVIOURS, exclusive=says.exclusive, members=cards, verdict=verdict.to_json(), fps=FPS, animals=("m1",))
    return Model(card, tuple(networks), verdict)


def video(frames, seed=0):
    """Features that drift, so that there are bouts; every tenth frame's crop is a guess."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(size=(frames, DIMENSIONS)), axis=0) * 0.2 + rng.normal(size=(frames, DIMENSIONS)) * 0.3
    values -= values.mean(axis=0) if frames else 0.0
    return values.astype(np.float16).astype(np.float32), np.arange(frames) / FPS, np.arange(frames) % 10 != 3


class Whole:
    def __init__(self, values, time_s, valid):
        self.values, self.time_s, self.valid, self.frames, self.dimensions = values, time_s, valid, len(values), values.shape[1]

    def rows(self, start, stop):
        return self.values[start:stop]


def streamed(chosen, film, pieces):
    stream, values, (x, time_s, valid) = TagStream(chosen, FPS), [], film
    for start, stop in pieces:
        values.append(stream.push({"x": x[start:stop]}, time_s[start:stop], valid[start:stop]))
        assert sum(len(part.frame) for part in values) >= stop - stream.delay_frames
    values.append(stream.finish())
    return [np.concatenate([getattr(part, name) for part in values]) for name in ("frame", "time_s", "probability", "tags")]


def check_equal(chosen, film, pieces):
    frame, time_s, probability, tags = streamed(chosen, film, pieces)
    whole = predict_video(chosen, [Whole(*film)] * len(chosen.networks))
    np.testing.assert_array_equal(frame, np.arange(len(film[0])))
    np.testing.assert_array_equal(time_s, film[1])
    np.testing.assert_array_equal(probability, whole[0])
    np.testing.assert_array_equal(tags, whole[1])
    return tags


def one_by_one(frames):
    return [(frame, frame + 1) for frame in range(frames)]


DECISIONS = {
    "all of it": decision(),
    "nothing": Decision.plain(BEHAVIOURS, False),
    "medians": decision(filter="median", calibration=None),
    "isotonic, one box": decision(box_s=(0.0, 0.6), calibration=Isotonic((((0.0, 0.5, 1.0), (0.1, 0.4, 0.8)), ((0.0, 1.0), (0.0, 1.0))))),
    "exclusive": decision(exclusive=True),
    "exclusive medians": decision(exclusive=True, filter="median"),
}


@pytest.mark.parametrize("says", DECISIONS.values(), ids=DECISIONS)
def test_frame_by_frame_gives_the_bits_of_the_whole_video(says):
    tags = check_equal(model(LSTM, says=says), video(400), one_by_one(400))
    assert 0 < tags.mean() < 0.9


@pytest.mark.parametrize("max_fps", [15, 10, 7.5], ids=["2 frames a step", "3", "4"])
@pytest.mark.parametrize("frames", [1, 2, 5, 100, 101, 103])
def test_steps_of_several_frames_give_the_bits_of_the_whole_video(max_fps, frames):
    check_equal(model(TCN, max_fps=max_fps), video(frames), one_by_one(frames))


@settings(max_examples=10, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    seed=st.integers(0, 5),
    exclusive=st.booleans(),
    max_fps=st.sampled_from([None, 15]),
)
def test_any_pieces_give_the_bits_of_the_whole_video(lengths, seed, exclusive, max_fps):
    cuts = np.cumsum([0, *lengths])
    chosen = model(LSTM, max_fps=max_fps, says=decision(exclusive=exclusive))
    check_equal(chosen, video(int(cuts[-1]), seed), list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)))


def test_members_of_an_ensemble_agree_on_a_stream_as_on_the_whole():
    check_equal(model(LSTM, TCN, {"kind": "linear"}, max_fps=15), video(200), one_by_one(200))


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.integers(1, 12), min_size=1, max_size=40),
    gaps=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    bouts=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    exclusive=st.booleans(),
)
def test_rules_of_bouts_on_a_stream_are_those_of_the_whole(runs, gaps, bouts, exclusive):
    """Whatever the course of tags: gaps in gaps of others, bouts that begin before what is still held."""
    states = np.repeat(np.arange(len(runs)) * 7 % 3, runs)
    probability = np.stack([states == 1, states == 2], axis=1).astype(np.float32)
    says = decision(
        exclusive=exclusive,
        calibration=None,
        box_s=(0.0, 0.0),
        max_gap_s=tuple(gap / FPS for gap in gaps),
        min_bout_s=tuple(bout / FPS for bout in bouts),
    )
    time_s = np.arange(len(states)) / FPS
    stream = DecisionStream(says, 1 / FPS)
    told = [stream.push(probability[t : t + 1], time_s[t : t + 1])[1] for t in range(len(states))]
    np.testing.assert_array_equal(np.concatenate([*told, stream.finish()[1]]), says.apply(probability, time_s)[1])


def test_the_delay_is_half_the_box_and_the_seconds_of_the_rules():
    assert TagStream(model(LSTM, says=Decision.plain(BEHAVIOURS, False)), FPS).delay_frames == 0
    box_only = decision(max_gap_s=(0.0, 0.0), min_bout_s=(0.0, 0.0))
    assert TagStream(model(LSTM, says=box_only), FPS).delay_frames == 7  # of a box of 15 frames
    assert TagStream(model(LSTM), FPS).delay_frames == 7 + 21 + 2  # .3 s of a gap and .4 s of a bout, and two frames to spare
    assert TagStream(model(LSTM, max_fps=15, says=box_only), FPS).delay_frames == 2 + 7


def test_tags_come_exactly_as_late_as_is_said():
    chosen, (x, time_s, _) = model(LSTM), video(100)
    stream = TagStream(chosen, FPS)
    told = [len(stream.push({"x": x[t : t + 1]}, time_s[t : t + 1]).frame) for t in range(100)]
    assert told == [0] * stream.delay_frames + [1] * (100 - stream.delay_frames)


def test_a_stream_without_frames_ends_without_tags():
    assert len(TagStream(model(LSTM), FPS).finish().frame) == 0


def test_memory_stays_flat_while_a_stream_runs():
    stream, peaks = TagStream(model(TCN, max_fps=15), FPS), []
    x, _, _ = video(250)
    for turn in range(3):
        tracemalloc.start()
        for t in range(250):
            stream.push({"x": x[t : t + 1]}, np.array([(250 * turn + t) / FPS]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks[1:]) < 1.2 * peaks[0] + 50_000


def test_a_head_that_looks_ahead_is_refused_in_words():
    with pytest.raises(InputError) as refused:
        TagStream(model({"kind": "lstm", "units": 4}), FPS)
    assert str(refused.value) == (
        "a head of kind 'lstm' looks at later frames, and cannot tag a stream: train one that does not, with "
        "'bidirectional: false' (lstm, gru) or 'causal: true' (tcn, mstcn, transformer), or take linear or mlp"
    )


def test_a_decision_over_the_whole_video_is_refused_in_words():
    chain = Chain(((0.0, 1.0), (1.0, 0.0)), (0.5, 0.5))
    with pytest.raises(InputError, match="'smoothing: hmm', which looks at the whole video and cannot tag a stream: train it with another"):
        TagStream(model(LSTM, says=decision(chains=(chain, None))), FPS)


def test_features_of_another_network_are_refused_in_words():
    stream = TagStream(model(LSTM), FPS)
    with pytest.raises(InputError, match="expected features of x, as the model reads them, found none of 'x'"):
        stream.push({"y": np.zeros((1, DIMENSIONS), np.float32)}, np.zeros(1))
    with pytest.raises(
        InputError, match=r"expected features of 6 dimensions \(x\), as the model was trained on, found 5; use the model's own"
    ):
        stream.push({"x": np.zeros((1, 5), np.float32)}, np.zeros(1))


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e6], ids=["not a number", "infinite", "more than float16 holds"])
def test_features_that_are_no_numbers_are_refused_and_what_came_before_stays_right(odd):
    chosen, (x, time_s, _) = model(LSTM), video(40)
    stream, told = TagStream(chosen, FPS), []
    for t in range(40):
        told.append(stream.push({"x": x[t : t + 1]}, time_s[t : t + 1]))
        with pytest.raises(InputError, match=r"no number, or more than float16 can hold \(65504\): set extract.precision to fp32"):
            stream.push({"x": np.full((1, DIMENSIONS), odd, np.float32)}, time_s[t : t + 1])
    told.append(stream.finish())
    whole = predict_video(chosen, [Whole(x, time_s, np.ones(40, bool))])
    np.testing.assert_array_equal(np.concatenate([part.probability for part in told]), whole[0])
    np.testing.assert_array_equal(np.concatenate([part.tags for part in told]), whole[1])

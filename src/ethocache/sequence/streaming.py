"""Tag a stream: frames come in one by one, and go out with the tags that the whole video would have got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.sequence.carried import CarriedNetwork
from ethocache.sequence.combination import combined
from ethocache.sequence.steps import step_of_rate
from ethocache.sequence.stream_decision import DecisionStream
from ethocache.sequence.stream_steps import NetworkStream

if TYPE_CHECKING:
    from ethocache.sequence.model_file import Model

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TaggedFrames:
    """What is said of some frames, in order.

    Attributes
    ----------
    frame
        (m,) numbers from 0.
    time_s
        (m,) when each was shown.
    probability
        (m, B) float32, calibrated and smoothed.
    tags
        (m, B) int8.
    """

    frame: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    probability: Floats
    tags: npt.NDArray[np.int8]


class TagStream:
    """A model on its way through one video whose frames come in one by one or several at once.

    Every frame gets the probabilities and tags that `predict_video` gives it when the whole video is there: the same bits for
    frames that are evenly spaced, whatever comes at once. Memory and the cost of a frame do not grow.

    Parameters
    ----------
    model
        From `load_model`; none of its heads looks ahead.
    fps
        Frames per second.

    Raises
    ------
    InputError
        If the model looks ahead: with a head, or by deciding over the whole video.
    """

    def __init__(self, model: "Model", fps: float) -> None:
        _refuse_looking_ahead(model)
        self._members, self._weights, self._dimensions = model.card.members, model.verdict.weights, dict[str, int]()
        self._networks = [
            NetworkStream(CarriedNetwork(network), step_of_rate(fps, card.train.max_fps))
            for card, network in zip(model.card.members, model.networks, strict=True)
        ]
        self._decision = DecisionStream(model.verdict.decision, 1.0 / fps)
        self._said = [np.zeros((0, len(model.card.behaviours)), np.float32) for _ in self._networks]
        self._untold: npt.NDArray[np.float64] = np.zeros(0)  # time stamps of the frames that are not out yet
        self._times: npt.NDArray[np.float64] = np.zeros(0)  # of those that no decision has seen
        self._next = 0

    @property
    def delay_frames(self) -> int:
        """How many frames later a frame's tags are known at the latest, before the end of the stream."""
        return max(network.delay_frames for network in self._networks) + self._decision.delay_frames

    def push(
        self, features: Mapping[str, Floats], time_s: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_] | None = None
    ) -> TaggedFrames:
        """Take the next n frames; return what is known now of the frames that come first.

        Parameters
        ----------
        features
            (n, D) of each stream that the model reads, as the backbone gives them; they are rounded to float16 as files keep them.
        time_s
            (n,) when each was shown.
        valid
            (n,) whether the animal was seen; all if not given.

        Raises
        ------
        InputError
            If a stream is missing, has other dimensions than the model was trained on, or holds what is no number; nothing is taken
            then, and `finish` still gives what waits.
        """
        seen = np.ones(len(time_s), bool) if valid is None else valid
        rows = [_rows_of(card.streams, card.dimensions, features) for card in self._members]
        self._untold, self._times = np.append(self._untold, time_s), np.append(self._times, time_s)
        self._hear([network.push(each, seen) for network, each in zip(self._networks, rows, strict=True)])
        return self._told(*self._decision.push(*self._agreed()))

    def finish(self) -> TaggedFrames:
        """Return what is said of the frames that are still waiting: no other will come."""
        self._hear([network.finish() for network in self._networks])
        first, rest = self._decision.push(*self._agreed()), self._decision.finish()
        return self._told(np.concatenate([first[0], rest[0]]), np.concatenate([first[1], rest[1]]))

    def _hear(self, answers: Sequence[Floats]) -> None:
        self._said = [np.concatenate([said, answer]) for said, answer in zip(self._said, answers, strict=True)]

    def _agreed(self) -> tuple[Floats, npt.NDArray[np.float64]]:
        """Return what all members together say of the frames of which each has spoken, and their times."""
        count = min(map(len, self._said))
        answers, self._said = [said[:count] for said in self._said], [said[count:] for said in self._said]
        times, self._times = self._times[:count], self._times[count:]
        return combined(answers, self._weights), times

    def _told(self, probability: Floats, tags: npt.NDArray[np.int8]) -> TaggedFrames:
        count = len(tags)
        told = TaggedFrames(np.arange(self._next, self._next + count), self._untold[:count], probability, tags)
        self._untold, self._next = self._untold[count:], self._next + count
        return told


def _refuse_looking_ahead(model: "Model") -> None:
    for card, network in zip(model.card.members, model.networks, strict=True):
        if not network.causal:
            raise InputError(
                f"a head of kind '{card.head['kind']}' looks at later frames, and cannot tag a stream: train one that does not, with "
                "'bidirectional: false' (lstm, gru) or 'causal: true' (tcn, mstcn, transformer), or take linear or mlp"
            )


def _rows_of(streams: Sequence[str], dimensions: int, features: Mapping[str, Floats]) -> Floats:
    if missing := [stream for stream in streams if stream not in features]:
        raise InputError(f"expected features of {', '.join(streams)}, as the model reads them, found none of '{missing[0]}'")
    rows = np.concatenate([features[stream] for stream in streams], axis=1)
    if rows.shape[1] != dimensions:
        raise InputError(
            f"expected features of {dimensions} dimensions ({', '.join(streams)}), as the model was trained on, "
            f"found {rows.shape[1]}; use the model's own backbone"
        )
    with np.errstate(over="ignore"):  # what becomes infinite is an error below
        kept = rows.astype(np.float16)
    if not np.isfinite(kept).all():  # a head that carries on would never forget it
        raise InputError("the network answers with what is no number, or more than float16 can hold (65504): set extract.precision to fp32")
    return kept.astype(np.float32)

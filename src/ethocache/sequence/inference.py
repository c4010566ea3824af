"""Tag one video: window after window, so that a long one takes no more memory than a short one.

Heads that never look ahead need no windows: they go through it in one go, as they would through a stream.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from ethocache.common.errors import InputError
from ethocache.dataset.views import view_of
from ethocache.sequence.carried import carried_probabilities
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.reading import Rows
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.steps import Steps, frames_of_steps, frames_per_step
from ethocache.sequence.videos import Features
from ethocache.sequence.windows import Window, frames_per_second, window_frames, windows

if TYPE_CHECKING:
    from ethocache.sequence.model_file import Model


def predict_video(model: "Model", features: Sequence[Features]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    """Return the probability (T, B) float32 and the tags (T, B) int8 of one video.

    Parameters
    ----------
    model
        From `load_model`.
    features
        Of the video, for each member of the model those of its streams; frames that are not valid are tagged like the others.

    Raises
    ------
    InputError
        If the features have another number of dimensions than those that the model was trained on.
    """
    answers = []
    for card, network, of_member in zip(model.card.members, model.networks, features, strict=True):
        if of_member.dimensions != card.dimensions:
            raise InputError(
                f"expected features of {card.dimensions} dimensions ({', '.join(card.streams)}), as the model was trained on, "
                f"found {of_member.dimensions}; use the model's own backbone"
            )
        answers.append(probabilities(network, of_member, card.train))
    several = any(view_of(stream) for stream in model.card.streams)
    return model.verdict.apply(answers, features[0].time_s, [of_member.valid for of_member in features] if several else None)


def probabilities(network: TaggingNetwork, features: Features, params: TrainParams) -> npt.NDArray[np.float32]:
    """Return (T, B) float32, each frame from the window in which it has most context, or of a causal head from all before it."""
    size = frames_per_step(features.time_s, params.max_fps)
    steps = features.steps(size) if isinstance(features, Rows) else Steps(features, size) if size > 1 else features
    return frames_of_steps(_steps(network, steps, params, seen=False), size, features.frames)


def probabilities_of_seen(
    network: TaggingNetwork, seen: Features, time_s: npt.NDArray[np.float64], params: TrainParams
) -> npt.NDArray[np.float32]:
    """Return the same as `probabilities`, from what the network's view made of the steps of a video with these time stamps (T,)."""
    return frames_of_steps(_steps(network, seen, params, seen=True), frames_per_step(time_s, params.max_fps), len(time_s))


def _steps(network: TaggingNetwork, steps: Features, params: TrainParams, seen: bool) -> npt.NDArray[np.float32]:
    if network.causal:
        return carried_probabilities(network, steps, seen)
    length, overlap = window_frames(params.window_s, params.overlap_s, frames_per_second(steps.time_s))
    cut = windows(steps.frames, length, overlap)
    if not cut:
        return np.zeros((0, network.behaviours), np.float32)
    parts = [_answer(network, steps, cut[start : start + params.batch_size], seen) for start in range(0, len(cut), params.batch_size)]
    return np.concatenate([part for batch in parts for part in batch])


@torch.inference_mode()
def _answer(network: TaggingNetwork, steps: Features, cut: Sequence[Window], seen: bool) -> list[npt.NDArray[np.float32]]:
    network.eval()
    x = torch.from_numpy(np.stack([steps.rows(window.start, window.stop) for window in cut])).to(network.view.mean.device)
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    answer = network.probability(x, mask, seen).cpu().numpy()
    return [answer[i, window.keep_start - window.start : window.keep_stop - window.start] for i, window in enumerate(cut)]

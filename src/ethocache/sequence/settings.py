"""The settings of `train` in params.yaml."""

from typing import Literal, Self

from pydantic import Field, model_validator

from ethocache.common.params import Section

DIVERGED = "the loss became"  # how the message begins of a training that cannot go on with its settings


class TrainParams(Section):
    """How heads are trained and validated.

    Attributes
    ----------
    task
        ``multilabel``: behaviours may overlap, one probability each. ``exclusive``: at most one behaviour per frame.
    per_behaviour
        Train one network per behaviour, side by side.
    score
        Validate on animals left out. ``false`` only trains the final model, for fewer than 3 labelled animals.
    window_s, overlap_s
        A network sees windows of `window_s` seconds; in prediction neighbours share `overlap_s` seconds, cut in the middle,
        so that frames beside a cut have seen half of that on its other side.
    max_fps
        Heads see about so many steps a second, each the mean of consecutive frames; ``null`` or 0: every frame.
    components
        Features of more dimensions are projected once on so many principal components, each stream on its own; 0 for never.
    batch_size
        Windows per step of the optimiser.
    epochs, patience
        Most epochs of a fold, and how many without a better inner score end it.
    epochs_final
        Epochs of the final model where there are no folds to choose them (`score: false`).
    warmup
        Epochs in which the learning rate rises from zero; Adam's first steps are the least certain ones.
    schedule
        ``cosine`` lets the learning rate fall to zero over `epochs`; ``constant`` keeps it.
    ema
        Decay per step of an average of the weights, which is scored and kept instead of them (Polyak & Juditsky 1992);
        0 for none.
    class_weights
        ``balanced``: N / (2 N_class). ``sqrt``: its square root, which costs rare behaviours fewer false alarms. ``none``.
    focal
        Power by which frames count less that are answered well already (Lin et al. 2017); 0 for none.
    soften_s
        Labels go over linearly within so many seconds on either side of an edge.
    noise, warp, mixup
        Changes of what training sees: noise in standard deviations, speed up or down by such a part, and windows mixed by
        a weight from a beta distribution of this alpha (Zhang et al. 2018); 0 for none.
    hide_streams
        Probability that a window lacks one of several streams in training (Neverova et al. 2016). Of several cameras a whole one
        is hidden, and 0 counts as .2, so that a video that lacks a camera is nothing new.
    max_folds, groups
        Up to `max_folds` animals each get a fold of their own, more are dealt into `groups`.
    """

    task: Literal["multilabel", "exclusive"] = "multilabel"
    per_behaviour: bool = False
    score: bool = True
    window_s: float = Field(30.0, gt=0)
    overlap_s: float = Field(5.0, ge=0)
    max_fps: float | None = Field(15.0, ge=0)
    components: int = Field(0, ge=0)
    batch_size: int = Field(4, ge=1)
    epochs: int = Field(40, ge=1)
    patience: int = Field(8, ge=1)
    epochs_final: int = Field(20, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    warmup: float = Field(0.0, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = Field(0.01, ge=0)
    ema: float = Field(0.0, ge=0, lt=1)
    class_weights: Literal["none", "balanced", "sqrt"] = "sqrt"
    focal: float = Field(0.0, ge=0)
    soften_s: float = Field(0.0, ge=0)
    noise: float = Field(0.0, ge=0)
    warp: float = Field(0.0, ge=0, lt=1)
    mixup: float = Field(0.0, ge=0)
    hide_streams: float = Field(0.0, ge=0, le=1)
    max_folds: int = Field(12, ge=0)
    groups: int = Field(5, ge=3)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.overlap_s >= self.window_s:
            raise ValueError(f"'overlap_s' ({self.overlap_s:g}) must be shorter than 'window_s' ({self.window_s:g})")
        if self.per_behaviour and self.task == "exclusive":
            raise ValueError("'per_behaviour: true' goes with 'task: multilabel' only, because exclusive behaviours compete in one network")
        return self

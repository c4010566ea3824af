"""The settings of `finetune` in params.yaml; nothing here loads torch as long as `runs` is empty."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section, parse_section
from ethocache.common.wording import counted
from ethocache.sequence.heads.ensemble import is_ensemble

REVISION = 2  # raise it when the same recipe would give other weights
FROZEN = "frozen"  # the block of the metrics that holds the scores of the frozen backbone
BACKBONE = "backbone.safetensors"
_OF_ALL_RUNS = ("runs", "recipes")


def _shipped() -> dict[str, dict[str, Any]]:
    return {"e2e": {}}


class FinetuneParams(Section):
    """How the backbone's last blocks are trained together with the head.

    Attributes
    ----------
    runs
        The recipes that run; none switches the stage off.
    recipes
        Name of a run -> the settings below that it wants otherwise.
    folds
        So many of the folds of ``train`` get a backbone of their own and are scored.
    unfreeze
        How many blocks at the backbone's end learn, or their names.
    learning_rate, decay
        Of the last block; each block before it learns so many times as fast as the one behind it.
    head_learning_rate
        Of the head.
    weight_decay
        Of both.
    epochs, patience
        At most so many epochs, and how many without a better score on the inner animals end it.
    clips, clip_s
        Clips that an epoch draws at most, and the seconds of each.
    accumulate
        Clips per step of the optimiser.
    frames, checkpointing
        Frames that go through the backbone at once. With `checkpointing` what it computed for them is forgotten and computed
        again on the way back (Chen et al. 2016, arXiv:1604.06174), so that memory depends on this number and not on the clip's.
    precision
        ``bf16`` multiplies in 16 bits; ``auto`` does so on graphics cards.
    flip, rotate_deg, brightness, blur_px
        Changes of the picture that leave the label true, drawn once for a clip: mirrored, turned by at most so many degrees,
        up to this part brighter or darker, and blurred by at most this standard deviation.
    checkpoint_s
        Seconds of work that a kill costs at most, as soon as one step is done.
    """

    runs: tuple[str, ...] = ()
    recipes: dict[str, dict[str, Any]] = Field(default_factory=_shipped)
    folds: int = Field(2, ge=0)
    unfreeze: int | tuple[str, ...] = 2
    learning_rate: float = Field(1e-4, gt=0)
    decay: float = Field(0.7, gt=0, le=1)
    head_learning_rate: float = Field(3e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    epochs: int = Field(10, ge=1)
    patience: int = Field(3, ge=1)
    clips: int = Field(200, ge=1)
    clip_s: float = Field(4.0, gt=0)
    accumulate: int = Field(4, ge=1)
    frames: int = Field(32, ge=1)
    checkpointing: bool = False
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    flip: bool = True
    rotate_deg: float = Field(10.0, ge=0, le=180)
    brightness: float = Field(0.2, ge=0, lt=1)
    blur_px: float = Field(0.5, ge=0, le=10)
    checkpoint_s: float = Field(60.0, ge=0)
    seed: int = Field(0, ge=0)

    @field_validator("unfreeze")
    @classmethod
    def _is_something(cls, unfreeze: int | tuple[str, ...]) -> int | tuple[str, ...]:
        if not unfreeze or (isinstance(unfreeze, int) and unfreeze < 1):
            raise ValueError("expected a number of blocks from 1 on, or names such as [blocks.6]")
        return unfreeze

    @model_validator(mode="after")
    def _runs_are_recipes(self) -> "FinetuneParams":
        if twice := sorted({run for run in self.runs if self.runs.count(run) > 1}):
            raise ValueError(f"'runs' names '{twice[0]}' twice; keep one")
        for run in self.runs:
            if run not in self.recipes:
                known = ", ".join(self.recipes) or "none"
                raise ValueError(f"'runs' names '{run}', which is not among 'recipes'{did_you_mean(run, self.recipes)}; known: {known}")
        for name, recipe in self.recipes.items():
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):  # it becomes part of file names
                raise ValueError(f"'recipes': the name '{name}' may hold letters, digits, '_' and '-' only")
            if wrong := [key for key in recipe if key in _OF_ALL_RUNS]:
                raise ValueError(f"'recipes.{name}': '{wrong[0]}' is for all runs; take it out of this one")
        return self

    def of_run(self, name: str, place: str = "params.yaml: finetune") -> "FinetuneParams":
        """Return the settings of one run, with what its recipe wants otherwise.

        Raises
        ------
        InputError
            If there is no such recipe, or a setting of it cannot be.
        """
        if name not in self.recipes:
            known = ", ".join(self.recipes) or "none"
            raise InputError(f"{place}: '{name}' is not among 'recipes'{did_you_mean(name, self.recipes)}; known: {known}")
        return parse_section(self.model_dump() | self.recipes[name], FinetuneParams, f"{place}, with recipes.{name}")


def place_of(run: str) -> Path:
    """Return the folder of a run's model and backbone, below the project's."""
    return Path("models") / f"finetune-{run}"


def check_finetune(
    params: FinetuneParams,
    behaviours: tuple[str, ...],
    backbone: Mapping[str, Any],
    head: Mapping[str, Any],
    views: str = "",
    scored: bool = True,
) -> list[str]:
    """Return what is wrong with the runs that are asked for, before anything is computed; nothing where there are none.

    Parameters
    ----------
    backbone, head
        The resolved recipes.
    views
        `DataParams.views`.
    scored
        `TrainParams.score`.
    """
    problems = [problem for name in params.recipes for problem in _problems(params.of_run, name)]
    if problems or not params.runs:
        return problems
    place = "params.yaml: finetune.runs"
    problems += [
        f"{place}: '{run}' is to be scored on {counted(folds, 'fold')}, but train.score is false; set finetune.runs: [] to leave what was "
        f"tuned as it is, or {f'finetune.recipes.{run}' if 'folds' in params.recipes[run] else 'finetune'}.folds: 0 to tune a final "
        "model without a score"
        for run in params.runs
        if (folds := params.of_run(run).folds) and not scored
    ]
    if views:
        problems.append(f"{place}: fine-tuning is for one camera, but data.views ({views}) tells several apart; set finetune.runs: []")
    if FROZEN in behaviours:
        problems.append(f"{place}: the metrics of fine-tuning have a block '{FROZEN}'; give the behaviour '{FROZEN}' another name")
    if is_ensemble(head["settings"]):
        problems.append(
            f"{place}: fine-tuning trains one network, but the head '{head['name']}' is an ensemble; choose one of its members, "
            "and train the ensemble on the tuned backbone"
        )
    return problems + _problems_of_backbone(params, backbone, place)


def _problems_of_backbone(params: FinetuneParams, backbone: Mapping[str, Any], place: str) -> list[str]:
    streams = backbone["streams"]
    unfit = [name for name, settings in streams.items() if settings["kind"] != "image"]
    if len(streams) > 1 or unfit:
        kinds = ", ".join(f"'{name}' of kind {settings['kind']}" for name, settings in streams.items())
        return [
            f"{place}: only a network of timm that looks at single pictures (kind image) can be tuned, one at a time; the backbone "
            f"'{backbone['name']}' has {kinds}; choose another with -S backbone=..."
        ]
    ((name, settings),) = streams.items()
    from ethocache.vision.backbones.blocks import check_unfreeze  # loads torch, which only those who tune wait for

    problems = [
        f"{place}: '{run}': {problem}"
        for run in params.runs
        for problem in _problems(check_unfreeze, params.of_run(run).unfreeze, settings["model"])
    ]
    return problems + [
        f"{place}: the run '{run}' would replace the weights that the backbone '{name}' begins with ({settings['weights']}); "
        "set finetune.runs: [], or give the run another name, or choose another backbone"
        for run in params.runs
        if _holds(place_of(run), Path(settings["weights"]))
    ]


def _problems(check: Callable[..., Any], *arguments: Any) -> list[str]:
    try:
        check(*arguments)
    except InputError as error:
        return str(error).splitlines()
    return []


def _holds(folder: Path, file: Path) -> bool:
    """Tell whether a file is one of a folder of the project, however its path is written; the file itself may be a link of DVC's."""
    roots = (Path(), Path(os.environ.get("DVC_ROOT", ".")))
    return any(file.parent.resolve().is_relative_to((root / folder).resolve()) for root in roots)

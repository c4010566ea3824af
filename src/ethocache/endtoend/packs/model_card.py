"""What to know of a packed model before using it (Mitchell et al., Model cards for model reporting, FAT* 2019)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ethocache.common.files import read_json
from ethocache.dataset.index import VideoRecord
from ethocache.endtoend.packs.contents import Recipes
from ethocache.sequence.model_file import read_card
from ethocache.vision.backbones.carrying import licence_of

METRICS = Path("metrics/metrics.json")
_SCORES = ("f1", "f1_low", "f1_high", "f1_chance", "average_precision", "average_precision_low", "average_precision_high")
_AMOUNTS = ("accuracy", "accuracy_never", "prevalence", "bouts", "seconds")
LIMITS = (
    "Scores are of animals that the scored models never saw, filmed as the training videos were. Other cameras, lights, arenas, coats and "
    "ages may give worse ones, and nothing here says by how much: label a few of your own videos and score them.",
    "A video that looks unlike the training videos is named when it is tagged. One that is not named may still be tagged wrongly.",
    "Behaviours with few bouts have wide intervals, and their tags deserve a look.",
)


def card_of(model: Path, labelled: Sequence[VideoRecord], recipes: Recipes, backbone: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of a project's model.

    Parameters
    ----------
    model
        Folder of the head.
    labelled
        The videos that it learned from.
    backbone
        As the project has it; in `recipes`, its weights may have other names.
    """
    head = read_card(model)
    metrics = read_json(METRICS) if METRICS.is_file() else {}
    return {
        "model": f"{model.name} on {backbone['name']}",
        "behaviours": list(head.behaviours),
        "exclusive": head.exclusive,
        "animals": len(head.animals),
        "videos": len(labelled),
        "frames": sum(record.facts.frames for record in labelled),
        "hours": round(sum(record.facts.duration_s for record in labelled) / 3600, 3),
        "frames_per_second": head.fps,
        "picture_px": sorted({f"{record.facts.width}x{record.facts.height}" for record in labelled}),
        "tracks": recipes.track.source,
        "scores": {name: _scores(metrics[name]) for name in (*head.behaviours, "macro") if name in metrics},
        "limits": list(LIMITS),
        "licences": {name: licence_of(settings) for name, settings in backbone["streams"].items()},
        "weights_sha256": {name: facts.weights for name, facts in recipes.networks.items()},
        "made_by": f"ethocache {recipes.version}",
        "revisions": recipes.revisions,
    }


def in_markdown(card: Mapping[str, Any]) -> str:
    """Return the card as a page to read."""
    lines = [f"# {card['model']}", "", f"Tags {', '.join(card['behaviours'])} in every frame of a video. Made by {card['made_by']}.", ""]
    lines += ["## What it learned from", ""]
    lines += [f"{card['videos']} videos of {card['animals']} animals, {card['frames']} frames ({card['hours']:g} hours) at"]
    lines += [f"{card['frames_per_second']:g} frames/s, {', '.join(card['picture_px'])} px, tracks from: {card['tracks']}.", ""]
    lines += ["## How well it does, on animals that the scored models never saw", ""]
    lines += _table(card["scores"]) if card["scores"] else ["Nobody scored it."]
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in card["limits"]), "", "## Licence of the backbone's weights", ""]
    lines += [f"- {name}: {licence}" for name, licence in card["licences"].items()]
    return "\n".join(lines) + "\n"


def _scores(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in (*_SCORES, *_AMOUNTS) if name in found}


def _table(scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        f"| {name} | {_with_interval(one, 'f1')} | {one.get('f1_chance', '')} | {_with_interval(one, 'average_precision')} | "
        f"{one.get('accuracy', '')} | {one.get('accuracy_never', '')} | {one.get('bouts', '')} |"
        for name, one in scores.items()
    ]
    head = "| behaviour | F1 (95 % interval) | F1 by chance | average precision | accuracy | accuracy of 'never' | bouts |"
    return [head, "|---|---|---|---|---|---|---|", *rows]


def _with_interval(scores: Mapping[str, Any], name: str) -> str:
    if name not in scores:
        return ""
    low, high = scores.get(f"{name}_low"), scores.get(f"{name}_high")
    return f"{scores[name]}" if low is None or high is None else f"{scores[name]} ({low} to {high})"

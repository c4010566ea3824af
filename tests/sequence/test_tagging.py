"""What is kept of earlier trainings and tags is used again where nothing that decides them has changed."""

import pytest

from ethocache.sequence.heads import parse_head
from ethocache.sequence.heads.settings import CAUSAL_REVISION
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.trainings import Setup, Sides, fold_recipe


@pytest.mark.parametrize(("bidirectional", "expected"), [(False, CAUSAL_REVISION), (True, None)])
def test_only_folds_of_heads_that_never_look_ahead_depend_on_how_such_heads_answer(plant, bidirectional, expected):
    head = parse_head({"kind": "lstm", "bidirectional": bidirectional}, "head")
    videos = [plant(f"m{number}") for number in range(3)]
    recipe = fold_recipe(Setup(("a", "b"), head, TrainParams()), Sides(videos[:1], videos[1:2], videos[2:]))
    assert recipe.get("causal_revision") == expected

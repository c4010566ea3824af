"""Tag videos with the final model, each only once per model."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ethocache.common.files import sha256_of_file
from ethocache.common.stage import Stopwatch, peak_memory_mb
from ethocache.common.store import Entry, Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.features import FeatureSet
from ethocache.dataset.tags import write_bouts, write_tags
from ethocache.dataset.views import view_of
from ethocache.sequence.heads import parse_head
from ethocache.sequence.heads.settings import CAUSAL_REVISION
from ethocache.sequence.model_file import CARD, load_model, read_card
from ethocache.sequence.system import VIEWS_REVISION

if TYPE_CHECKING:
    from ethocache.sequence.model_file import Model

REVISION = 3  # raise it when the same model and features would give other tags, or the tables other columns


class Tagger:
    """A final model, loaded when the first video needs it.

    Parameters
    ----------
    folder
        Of the model.
    store
        Keeps the tags.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        self.card = read_card(folder)
        self._model_key = sha256_of_file(folder / CARD)  # the card holds the sha256 of the weights

    @cached_property
    def _model(self) -> "Model":
        return load_model(self.folder)

    @cached_property
    def _causal(self) -> dict[str, int]:
        """The revision of what heads that never look ahead answer; nothing where none is among the members."""
        heads = [parse_head(member.head, f"{self.folder / CARD}: head") for member in self.card.members]
        return {"causal_revision": CAUSAL_REVISION} if any(head.is_causal for head in heads) else {}

    def keep_tags(self, features: Mapping[str, Path]) -> Entry:
        """Return the entry with ``tags.csv`` (every frame) and ``bouts.csv`` of a video.

        Parameters
        ----------
        features
            The video's feature file of each stream that the model reads.

        Raises
        ------
        InputError
            If its features are missing, damaged, or not those that the model reads.
        """
        with _open(features, self.card.streams) as together:
            recipe = {"kind": "tags", "model": self._model_key, "features": list(together.keys), "revision": REVISION}
            recipe |= self._causal | ({"views_revision": VIEWS_REVISION} if any(map(view_of, self.card.streams)) else {})
        return self.store.make("tags", recipe, lambda bench: self._tag(features, bench))

    def _tag(self, files: Mapping[str, Path], bench: Workbench) -> dict[str, Any]:
        from ethocache.common.compute import device
        from ethocache.sequence.inference import predict_video

        watch = Stopwatch()
        with ExitStack() as opened:
            features = [opened.enter_context(_open(files, member.streams)) for member in self.card.members]
            probability, tags = predict_video(self._model, features)
            behaviours, time_s = self.card.behaviours, features[0].time_s
        write_tags(bench.output / "tags.csv", np.arange(len(time_s)), time_s, probability, tags, behaviours)
        write_bouts(bench.output / "bouts.csv", time_s, probability, tags, behaviours)
        return {"frames": len(time_s), "seconds": round(watch.seconds, 3), "peak_memory_mb": peak_memory_mb(), "device": device()}


def _open(files: Mapping[str, Path], streams: Sequence[str]) -> FeatureSet:
    return FeatureSet.open_files([files[stream] for stream in streams], any(map(view_of, streams)))

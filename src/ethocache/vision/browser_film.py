"""Crops as browsers play them: the crop itself, or where that is lossless a film that looks the same."""

from pathlib import Path
from typing import Any

from ethocache.common.store import Store
from ethocache.common.workbench import Workbench
from ethocache.dataset.videos import probe
from ethocache.vision.decode import decode_pictures, read_tags
from ethocache.vision.encode import Scaler, plays_in_browsers, ticks_of, write_film

FILM = "film.mp4"
REVISION = 2  # of how such films are encoded


def keep_film(crop: Path, store: Store) -> Path:
    """Return a file with a crop's pictures and times that browsers play; one that has to be encoded is kept in the store.

    ``crop.quality: 0`` makes lossless H.264, in a profile that Firefox and Safari refuse.

    Raises
    ------
    InputError
        If the crop is damaged.
    """
    if plays_in_browsers(crop):
        return crop
    recipe = {"kind": "film", "crop": store.fingerprint(crop), "revision": REVISION}

    def build(bench: Workbench) -> dict[str, Any]:
        (facts, time_s), tags = probe(crop), read_tags(crop)
        scaler = Scaler(facts.width, facts.height, tags.matrix)
        frames = map(scaler.scale, decode_pictures(crop, facts, time_s))
        write_film(bench.output / FILM, frames, ticks_of(time_s, tags.ticks_per_second), tags.ticks_per_second)
        return {"frames": facts.frames}

    return store.make("film", recipe, build).path(FILM)

"""Find where the animal is in every frame of every video."""

from functools import partial
from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.files import fill_folder
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.common.wording import counted
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import every_view, read_index
from ethocache.vision.kept import keep_track
from ethocache.vision.tracking import TrackParams, make_tracker

PARAMS = Path("params.yaml")


def track() -> str:
    params = read_section(PARAMS, "track", TrackParams)
    folder = DataFolder(read_section(PARAMS, "data", DataParams).dir)
    records = list(
        {record.video: record for record in every_view(read_index(Path("data/index.json")))}.values()
    )  # a video once, whoever is in it
    store = find_store()
    keep = partial(keep_track, folder=folder, params=params, store=store, tracker=make_tracker(params, store))
    entries = for_each(records, keep)
    tracked = {record.video: entry for record, entry in zip(records, entries, strict=True) if entry}
    fill_folder(Path("data/tracks"), {f"{video}.h5": entry.path("track.h5") for video, entry in tracked.items()})
    notes = [f"\n  note: {video}: {entry.facts['note']}" for video, entry in tracked.items() if entry.facts["note"]]
    return f"{counted(len(tracked), 'track')} for {counted(len(records), 'video')} (source: {params.source})" + "".join(notes)


if __name__ == "__main__":
    run_stage(track)

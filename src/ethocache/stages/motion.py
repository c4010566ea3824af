"""Measure how far every animal went, how fast, and how long it stayed at the wall."""

from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.common.wording import counted
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, read_index, time_stamps
from ethocache.dataset.summary_table import Cell, write_table
from ethocache.dataset.tracks import load_track
from ethocache.vision.arena import ArenaParams
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.motion import motion_header, motion_rows

PARAMS = Path("params.yaml")
TRACKS, TABLE = Path("data/tracks"), Path("data/summary/motion.csv")


def motion() -> str:
    crop, arena = read_section(PARAMS, "crop", CropParams), read_section(PARAMS, "arena", ArenaParams)
    folder, store = DataFolder(read_section(PARAMS, "data", DataParams).dir), find_store()
    records = read_index(Path("data/index.json"))
    tracked = [record for record in records if (TRACKS / f"{record.video}.h5").is_file()]
    fields = list(records[0].fields)

    def measure(record: VideoRecord) -> list[list[Cell]]:
        times = time_stamps(record, folder, store)
        return list(motion_rows(record, load_track(TRACKS / f"{record.video}.h5"), times, fields, crop.of_view(record.view), arena))

    rows = [row for of_video in for_each(tracked, measure, keeps=False) for row in of_video]
    write_table(TABLE, motion_header(fields, arena), rows)
    have = counted(len(records), "video has", "videos have")
    return f"{len(tracked)} of {have} a track; lengths in {'px' if arena.pixels_per_cm is None else 'cm'}"


if __name__ == "__main__":
    run_stage(motion)

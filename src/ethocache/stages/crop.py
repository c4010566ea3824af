"""Cut every video around its animal."""

from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.cost import total_cost
from ethocache.common.files import fill_folder, write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import Entry, find_store
from ethocache.common.wording import counted
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, every_view, read_index
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.kept import keep_crop

PARAMS = Path("params.yaml")
TRACKS = Path("data/tracks")


def crop() -> str:
    params = read_section(PARAMS, "crop", CropParams)
    folder = DataFolder(read_section(PARAMS, "data", DataParams).dir)
    records, store = every_view(read_index(Path("data/index.json"))), find_store()
    params.check_views([record.view for record in records])

    def crop_one(record: VideoRecord) -> Entry:
        return keep_crop(record, folder, TRACKS / f"{record.video}.h5", params.of_view(record.view), store)

    videos = [record for record in records if record.has_video]
    entries = for_each(videos, crop_one)
    crops = {record.id: entry for record, entry in zip(videos, entries, strict=True)}
    endings = {".mp4": "crop.mp4", ".json": "crop.json"}
    fill_folder(
        Path("data/crops"), {video + ending: entry.path(file) for video, entry in crops.items() for ending, file in endings.items()}
    )
    write_json(Path("data/cost/crop.json"), total_cost(entries))
    used = sorted({entry.facts["quality"]["likelihood"] for entry in entries if entry.facts["quality"]})
    points = f"; key points used from likelihood {', '.join(f'{likelihood:g}' for likelihood in used)}" if used else ""
    without = len(records) - len(videos)
    others = f"; {counted(without, 'session has', 'sessions have')} no video, so nothing to crop" if without else ""
    return f"{counted(len(crops), 'video')}, {store.made} cropped now{points}{others}"


if __name__ == "__main__":
    run_stage(crop)

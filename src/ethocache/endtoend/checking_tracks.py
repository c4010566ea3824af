"""``ethocache tracks check``: a look at the tracks of the project in this folder."""

from pathlib import Path

from ethocache.common.params import read_section
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams, refuse_results_folder
from ethocache.dataset.index import every_view, read_index
from ethocache.vision.contact_sheet import check_tracks
from ethocache.vision.crop_settings import CropParams

PARAMS, INDEX, TRACKS = Path("params.yaml"), Path("data/index.json"), Path("data/tracks")


def check_project(target: Path, store: Store) -> bool:
    """Write a contact sheet and print a line for each video; return whether the crop stage will take all of them.

    Parameters
    ----------
    target
        Folder of the pictures.

    Raises
    ------
    InputError
        If the project has no tracks yet, `target` is a folder of results, or `crop.views` names a camera that no video is of.
    """
    data = read_section(PARAMS, "data", DataParams)
    refuse_results_folder(data.dir, [target])
    records, crop = every_view(read_index(INDEX)), read_section(PARAMS, "crop", CropParams)
    crop.check_views([record.view for record in records])
    good = True
    for line, passes in check_tracks(records, TRACKS, target, crop, DataFolder(data.dir), store):
        print(line, flush=True)
        good &= passes
    return good

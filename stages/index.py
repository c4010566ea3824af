"""Look at the videos, tracks and labels, and check every setting before anything is computed."""

from pathlib import Path

from ethocache.common.files import write_json
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.folder import DataFolder, refuse_results_folder
from ethocache.dataset.index import findings, index_videos, match_labels, write_index
from ethocache.dataset.snapshot import snapshot_labels, summary
from ethocache.endtoend.project import read_project

WRITTEN = ("labels", "recipes", "tracks", "crops", "features", "predictions", "tags", "bouts", "cost")


def index() -> str:
    project = read_project(Path("params.yaml"))
    refuse_results_folder(project.data.dir, [Path("data") / name for name in WRITTEN])
    folder, store = DataFolder(project.data.dir), find_store()
    records = index_videos(folder, project.data, with_tracks=project.track.source == "files", store=store)
    labels = match_labels(records, folder.files(project.data.labels))
    snapshot_labels(Path("data/labels"), records, labels, folder, project.data.behaviours, project.labels, store)
    write_index(Path("data/index.json"), records)
    write_json(Path("data/recipes/backbone.json"), project.backbone)
    write_json(Path("data/recipes/head.json"), project.head)
    return summary(records, len(labels), findings(records, project.data))


run_stage(index)

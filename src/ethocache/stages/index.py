"""Look at the videos, tracks and labels, and check every setting before anything is computed."""

from pathlib import Path

from ethocache.common.last_look import LastLook
from ethocache.common.stage import run_stage
from ethocache.common.store import Store, find_store

PARAMS = Path("params.yaml")
INDEX, LABELS, TRACK, BACKBONE, HEAD, CODE = (
    Path("data/index.json"),
    Path("data/labels"),
    Path("data/recipes/track.json"),
    Path("data/recipes/backbone.json"),
    Path("data/recipes/head.json"),
    Path("data/recipes/code"),
)
DATA = ("labels", "recipes", "tracks", "crops", "features", "predictions", "curves", "tags", "bouts", "summary", "cost")
RESULTS = [*(Path("data") / name for name in DATA), Path("models"), Path("plots"), Path("metrics"), Path("report")]


def index() -> str:
    store = find_store()
    last = LastLook(store, [PARAMS, Path(__file__)], [INDEX, LABELS, TRACK, BACKBONE, HEAD, CODE])
    return last.summary() or look(last, store)


def look(last: LastLook, store: Store) -> str:
    # Imported here: with nothing changed, which is most often, no library is loaded.
    from ethocache.common.files import write_json
    from ethocache.dataset.corrections import labels_and_corrections, read_corrections
    from ethocache.dataset.findings import findings
    from ethocache.dataset.folder import DataFolder, refuse_results_folder
    from ethocache.dataset.index import index_videos, write_index
    from ethocache.dataset.individuals import split_individuals
    from ethocache.dataset.label_files import match_labels
    from ethocache.dataset.label_subjects import subjects_of
    from ethocache.dataset.labels import needs_tags
    from ethocache.dataset.snapshot import label_notes, snapshot_labels, summary, unseen_behaviours
    from ethocache.dataset.views import join_views, names_of_labels, read_clocks, sessions_of, view_names
    from ethocache.endtoend.holdings import note_project
    from ethocache.endtoend.project import check_views, read_project
    from ethocache.endtoend.revisions import REVISIONS, code_of
    from ethocache.vision.embedding import weights_files, weights_sources
    from ethocache.vision.streams import refuse_missing_inputs
    from ethocache.vision.tracking import make_tracker

    project = read_project(PARAMS)
    data, folder, streams = project.data, DataFolder(project.data.dir), project.backbone["streams"]
    refuse_results_folder(data.dir, [*RESULTS, store.root])
    tracker = make_tracker(project.track, store)
    patterns = [*folder.places(data.videos, data.tracks, data.labels, data.corrections, *data.clock_files), *tracker.places()]
    note = last.begin(patterns, weights_files(streams))
    records = index_videos(folder, data, with_tracks=project.track.source == "files", store=store)
    records = split_individuals(records, data, tracker.individuals(), folder, store)
    refuse_missing_inputs(streams, records, project.track.source)
    meaning = project.labels.meaning(data.behaviours, data.each)
    whose = subjects_of(records, project.labels) if data.each else None
    files, saved = labels_and_corrections(folder, data)
    named, cameras = names_of_labels(records, data), sessions_of(records, data)
    matched = match_labels(named, files, project.labels, meaning, store, subjects=whose, views=cameras)
    sessions = join_views(records, matched.parts, data, read_clocks(records, data, folder))
    records, labels, views = sessions.records, sessions.labels, view_names(sessions.records)
    check_views(project, views, PARAMS)
    skip = project.labels.unmatched == "skip"
    corrections = read_corrections(saved, records, data.behaviours, store, project.exclusive, skip)
    snapshot_labels(LABELS, records, labels, folder, data.behaviours, project.labels, store, corrections)
    write_index(INDEX, records)
    note_project(store)
    write_json(TRACK, tracker.description())
    write_json(BACKBONE, project.backbone | {"sources": weights_sources(streams, store)} | ({"views": views} if views else {}))
    write_json(HEAD, project.head)
    for stage in REVISIONS:
        write_json(CODE / f"{stage}.json", code_of(stage, bool(views)))
    known = list(dict.fromkeys([*labels, *corrections.of]))
    notes = [*sessions.notes, *findings(records, data, known), *matched.notes, *corrections.notes, *label_notes(LABELS, known)]
    notes += unseen_behaviours(LABELS, known, data.behaviours)
    tagged = sum(needs_tags(LABELS / f"{record.id}.json") for record in records)
    return last.end(note, summary(records, len(labels), notes, tagged, corrections))


if __name__ == "__main__":
    run_stage(index)

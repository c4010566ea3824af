"""Turn every frame into numbers: crops through the frozen network, tracks into posture and movement."""

from pathlib import Path

from ethocache.common.last_result import LastResult
from ethocache.common.stage import run_stage
from ethocache.common.store import Store, find_store

PARAMS, INDEX, BACKBONE = Path("params.yaml"), Path("data/index.json"), Path("data/recipes/backbone.json")
CODE, COST = Path("data/recipes/code/extract.json"), Path("data/cost/extract.json")
CROPS, TRACKS = Path("data/crops"), Path("data/tracks")


def extract() -> str:
    store = find_store()
    last = LastResult(store, [(CROPS, "*"), (TRACKS, "*")], [PARAMS, INDEX, BACKBONE, CODE], COST)
    return last.repeat() or embed(last, store)


def embed(last: LastResult, store: Store) -> str:
    # Imported here: with nothing changed, no library is loaded.
    from ethocache.common.compute import make_all
    from ethocache.common.files import read_json
    from ethocache.common.params import read_section
    from ethocache.common.wording import counted
    from ethocache.dataset.folder import DataFolder, DataParams
    from ethocache.dataset.index import every_view, read_index
    from ethocache.vision.embedding import ExtractParams
    from ethocache.vision.inputs import Inputs
    from ethocache.vision.session_features import align_sessions
    from ethocache.vision.streams import compare_bodies, open_stream

    params, backbone = read_section(PARAMS, "extract", ExtractParams), read_json(BACKBONE)
    inputs = Inputs(DataFolder(read_section(PARAMS, "data", DataParams).dir), CROPS, TRACKS, store)
    streams = [open_stream(name, settings, params, inputs) for name, settings in backbone["streams"].items()]
    sessions = read_index(INDEX)
    work = [(record, stream) for stream in streams for record in every_view(sessions)]
    entries = make_all(store, work, lambda item: item[1].job(item[0]), f"embedding ({backbone['name']})")
    computed = store.made
    bodies = compare_bodies([record.id for record, _ in work], entries, [record.view for record, _ in work])
    made = {(record.id, stream.name): entry for (record, stream), entry in zip(work, entries, strict=True)}
    aligned = align_sessions(sessions, made, [*backbone["streams"]], inputs)
    notes = "".join(f"\n  note: {note}" for note in (*bodies, *aligned.notes))
    several = len(aligned.files) > len(work)

    def said(embedded: int, joined: int) -> str:
        line = f"{len(work)} feature files of {backbone['name']}, {embedded} computed now"
        of = counted(sum(bool(session.others) for session in sessions), "session")
        views = f"; {of} by several cameras, {counted(joined, 'file')} of clocks and views computed now"
        return line + (views if several else "") + notes

    repeated = last.put(Path("data/features") / backbone["name"], aligned.files, said(0, 0))
    return said(computed, store.made - computed) if store.made else repeated


if __name__ == "__main__":
    run_stage(extract)

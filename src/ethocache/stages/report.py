"""Write the pages that a lab opens: scores, pictures, and every video with its ethogram."""

from dataclasses import replace
from pathlib import Path

from ethocache.common.files import read_json, sha256_of
from ethocache.common.params import read_section
from ethocache.common.progress import progress
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.common.wording import counted
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, read_index, time_stamps
from ethocache.dataset.label_snapshot import corrected_frames, read_snapshot
from ethocache.dataset.runs import runs
from ethocache.scoring.report.captions import pictures_of
from ethocache.scoring.report.overview import Made
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.report.told import Told, told_by_people, told_by_prediction, told_by_tags
from ethocache.scoring.report.writing import Report
from ethocache.scoring.review.answers import AnswerFiles
from ethocache.scoring.review.project import find_doubts, find_moments, read_raters
from ethocache.scoring.review.queue import make_queue
from ethocache.sequence.model_file import read_card, threshold_of
from ethocache.vision.browser_film import keep_film

PARAMS = Path("params.yaml")
LABELS, PREDICTIONS, TAGS, CROPS, PLOTS, REPORT = map(
    Path, ("data/labels", "data/predictions", "data/tags", "data/crops", "plots", "report")
)


def report() -> str:
    params, data, store = read_section(PARAMS, "report", ReportParams), read_section(PARAMS, "data", DataParams), find_store()
    head, backbone = (read_json(Path(f"data/recipes/{name}.json"))["name"] for name in ("head", "backbone"))
    metrics, people = (read_json(Path(f"metrics/{name}.json")) for name in ("metrics", "people"))
    records, model = read_index(Path("data/index.json")), Path("models") / head
    exclusive, threshold = read_card(model).exclusive, threshold_of(model, data.behaviours)
    files = AnswerFiles(PREDICTIONS, TAGS, LABELS, data.behaviours, exclusive)
    videos, unseen = files.of_all(records), files.of_unseen(records)
    with progress("writing the report", len(videos) + len(unseen) + len(records), "video") as bar:
        moments, wrong_in_all = find_moments(videos, params.budget_s, bar.update)
        queue = make_queue(moments, params.budget_s, wrong_in_all, exclusive)
        doubts = find_doubts(unseen, read_raters(LABELS, unseen), bar.update)
        pages = Report(REPORT, sha256_of(str(Path.cwd()))[:16], records, queue, doubts, params)

        def told(record: VideoRecord) -> Told:
            return replace(answered(record), corrected=corrected_frames(LABELS / f"{record.id}.json"))

        def answered(record: VideoRecord) -> Told:
            if prediction := files.prediction(record.id):
                return told_by_prediction(record, prediction)
            if answers := files.read(record.id):
                return told_by_tags(record, answers, threshold)
            labels = read_snapshot(path) if (path := LABELS / f"{record.id}.json").is_file() else None
            return told_by_people(record, data.behaviours, time_stamps(record, DataFolder(data.dir), store), labels, exclusive)

        def film(record: VideoRecord) -> Path | None:
            crop = CROPS / f"{record.id}.mp4"
            return keep_film(crop.resolve(), store) if crop.is_file() else None

        corrected = {record.id: corrected_frames(LABELS / f"{record.id}.json") for record in records}
        stretches = {video: len(runs(where.max(axis=1))) for video, where in corrected.items() if where is not None}
        made = Made(head, backbone, data.behaviours, metrics, people, pictures_of(PLOTS), stretches, bool(unseen))
        written = pages.write(told, film, PLOTS, made, bar.update)
    said = [counted(written, "video"), f"{counted(len(queue.moments), 'moment')} to look at", counted(len(doubts), "doubtful label")]
    return f"{', '.join(said)}: open {REPORT / 'index.html'}"


if __name__ == "__main__":
    run_stage(report)

"""``ethocache ...``: what is not a stage of the pipeline."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ethocache.common.errors import InputError
from ethocache.common.stage import explaining, run_stage
from ethocache.common.store import Store, find_own_store, find_store

app = typer.Typer(
    help="Tags an animal's behaviour in every frame of a video. The pipeline itself runs with `dvc repro`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
store_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after the results that are kept.")
app.add_typer(store_app, name="store")
tracks_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at the tracks before they are cropped by.")
app.add_typer(tracks_app, name="tracks")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or an earlier demo.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other animals.")] = 0,
) -> None:
    """Render videos of mice with tracks and labels, to try everything on."""
    from ethocache.endtoend.demo import write_demo  # loads the video library

    run_stage(lambda: write_demo(folder, seed=seed))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New, empty, or with your files in a subfolder.")],
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where your files are, if not in DIR; they are only read.")] = None,
) -> None:
    """Make a project of your own, filled in from the videos, tracks and labels that are there."""
    from ethocache.endtoend.new_project import make_project  # loads the libraries that read files

    run_stage(lambda: make_project(folder, data))


@app.command()
def doctor(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The project's folder, with its params.yaml.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="All that was found, for machines.")] = False,
) -> None:
    """Look over videos, tracks and labels: what is there, what is wrong, what is odd, and what to do about it."""
    with explaining("ethocache"):
        sound = _examine(folder, as_json)
    raise typer.Exit(0 if sound else 1)


@app.command()
def export(
    format: Annotated[str, typer.Argument(metavar="FORMAT", help="boris, bouts, nwb or summary.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")] = Path("exports"),
    labels: Annotated[bool, typer.Option("--labels", help="The lab's own labels, not the tags of videos without labels.")] = False,
) -> None:
    """Give the tags or labels of this folder's project to other programs: BORIS, bouts, NWB, or a table of one row per video."""
    from ethocache.endtoend.exporting import export_project  # loads numpy and the video library

    run_stage(lambda: export_project(format, "labels" if labels else "tags", to, find_store()))


@app.command()
def overlay(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="A video's id or file name; of one animal of several VIDEO.ANIMAL.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="The mp4 to write; overlays/VIDEO.mp4 if left out.")] = None,
    crop: Annotated[bool, typer.Option("--crop", help="The crop around the animal, not the whole frame.")] = False,
    source: Annotated[str, typer.Option("--from", metavar="SOURCE", help="tags, labels or both: what there is.")] = "both",
) -> None:
    """Write a video with its tags, probabilities and labels below the picture, to look at and to show."""
    from ethocache.endtoend import overlay as overlays  # loads numpy and the video library

    run_stage(lambda: overlays.overlay(video, to, crop, source, find_store()))


Size = Annotated[str, typer.Option(metavar="WxH", help="Pixels of raw rgb24 frames on standard input.")]
Rate = Annotated[float | None, typer.Option(min=0.01, max=10_000, help="Frames per second, where the source does not say.")]
Square = Annotated[str, typer.Option(metavar="LEFT,TOP,SIDE", help="Pixels of the square that is tagged; the whole frame.")]


@app.command()
def stream(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A video file, or - for standard input.")],
    model: Annotated[Path | None, typer.Option(metavar="PACK", help="Or a model's folder; the project's own if left out.")] = None,
    size: Size = "",
    fps: Rate = None,
    box: Square = "",
) -> None:
    """Tag frames while they come in, with a model that never looks ahead: a line for each as soon as its tags are known."""
    with explaining("ethocache"):
        from ethocache.endtoend import streaming  # loads torch

        streaming.stream_with(streaming.source_of(source, size, fps, box), model)


@app.command()
def convert(
    dataset: Annotated[str, typer.Argument(metavar="SET", help="calms21.")],
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file of the set, as it was published.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where tracks/ and labels/ go.")],
) -> None:
    """Turn a public data set into tracks and labels that the pipeline reads; docs/public-data.md has its settings."""
    from ethocache.endtoend import public_data  # loads numpy

    run_stage(lambda: public_data.convert(dataset, source, to))


@app.command()
def pack(
    to: Annotated[Path, typer.Option(metavar="FILE", help="The zip to write.")] = Path("model.zip"),
    with_backbone: Annotated[bool, typer.Option("--with-backbone", help="Put the weights of the frozen network inside, too.")] = False,
) -> None:
    """Put the trained model of this folder's project into one file, which tags videos anywhere."""
    from ethocache.endtoend.packs.making import pack as make_pack  # loads numpy and torch

    run_stage(lambda: make_pack(to, with_backbone, find_store()))


@app.command()
def tag(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Videos, or folders of them.")],
    model: Annotated[Path, typer.Option(metavar="PACK", help="What `ethocache pack` wrote.")],
    tracks: Annotated[str | None, typer.Option(metavar="DIR", help="Folder or pattern of DeepLabCut's files.")] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the tags go.")] = Path("tagged"),
    overlay: Annotated[bool, typer.Option("--overlay", help="Also each video with its tags below the picture.")] = False,
    boris: Annotated[bool, typer.Option("--boris", help="Also a BORIS project for each video.")] = False,
    live: Annotated[bool, typer.Option("--stream", help="As `ethocache stream`: one video, or - for frames that come in.")] = False,
    size: Size = "",
    fps: Rate = None,
    box: Square = "",
) -> None:
    """Tag videos anywhere with a packed model; no project is needed. Says which are unlike those that it learned from."""
    with explaining("ethocache"):
        kept = {"--tracks": tracks, "--to": to != Path("tagged"), "--overlay": overlay, "--boris": boris}
        if live and (len(videos) > 1 or any(kept.values())):
            raise InputError(f"--stream writes lines to standard output, of one video or - alone: leave {', '.join(kept)} away")
        if not live and (size or fps or box):
            raise InputError("--size, --fps and --box are for frames that come in: name --stream too, or leave them away")
    from ethocache.endtoend.packs import tagging  # loads numpy and torch

    if live:
        stream(str(videos[0]), model, size, fps, box)
    else:
        run_stage(lambda: tagging.tag(videos, model, tracks, to, tagging.Wanted(overlay, boris), find_own_store()))


@app.command()
def groups(
    by: Annotated[str, typer.Option(metavar="PART,...", help="What makes the groups: parts of the videos' names, metadata columns.")] = "",
    within: Annotated[str, typer.Option(metavar="PART,...", help="Compare the groups within each value of this.")] = "",
    control: Annotated[str, typer.Option(metavar="GROUP", help="The group that others are compared with.")] = "",
    metadata: Annotated[Path | None, typer.Option(metavar="FILE", help="A table with a column video or animal, and others.")] = None,
    source: Annotated[str, typer.Option("--from", metavar="SOURCE", help="tags (for all videos), labels, mixed; or same.")] = "same",
    measures: Annotated[str, typer.Option(metavar="NAME,...", help="What is compared; fewer make the correction milder.")] = "",
    bin_s: Annotated[float, typer.Option("--bin", metavar="SECONDS", min=1, help="Time bins of bouts per minute.")] = 60,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Draws of the animals for adjusted fractions.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other draws.")] = 0,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where tables and pictures go.")] = Path("groups"),
) -> None:
    """Tell how much, how often and how long animals of each group show each behaviour, and whether the groups differ."""
    from ethocache.endtoend import grouping  # loads numpy
    from ethocache.scoring.groups.comparing import Drawing

    drawing = Drawing(resamples=resamples, seed=seed)
    names = [grouping.listed(text) for text in (by, within, measures)]
    question = grouping.Question(names[0], names[1], names[2], control, metadata, source, bin_s, drawing)
    run_stage(lambda: grouping.study_groups(question, to, find_store()))


@app.command()
def review(
    budget: Annotated[str, typer.Option(metavar="TIME", help="What you have: 10min, 90s, or 600 (seconds).")] = "10min",
    purpose: Annotated[
        str, typer.Option("--for", help="results: put right what is likely wrong; training: label what teaches.")
    ] = "results",
    doubts: Annotated[bool, typer.Option("--doubts", help="Instead: labels that look wrong to models that never saw the animal.")] = False,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the table goes.")] = Path("review"),
) -> None:
    """Tell which moments of which videos are most worth a look, or which labels look wrong."""
    from ethocache.endtoend import reviewing  # loads numpy

    run_stage(lambda: reviewing.doubt_labels(to) if doubts else reviewing.queue_moments(budget, to, purpose))


@app.command()
def tune(
    head: Annotated[str | None, typer.Option(metavar="NAME", help="One of params.yaml; the chosen one if left out.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="How many settings are tried, those of earlier runs among them.")] = 50,
    keep_out: Annotated[float, typer.Option(min=0, max=0.9, help="Fraction of the animals kept for an honest score.")] = 0.25,
    space: Annotated[str, typer.Option(metavar="SPACE", help="own (ranges that suit the head) or thesis (its grid).")] = "own",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other draws.")] = 0,
    storage: Annotated[Path, typer.Option(metavar="DIR", help="Where trials are written down.")] = Path("tuning"),
) -> None:
    """Search better settings of a head on some of the labelled animals, and write the best into params.yaml."""
    from ethocache.endtoend import searching  # loads numpy

    run_stage(lambda: searching.tune(find_store(), head, trials, keep_out, space, seed, storage))


@app.command("learning-curve")
def learning_curve(
    head: Annotated[str | None, typer.Option(metavar="NAME", help="One of params.yaml; the chosen one if left out.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="How often animals are drawn for each number of them.")] = 3,
    sizes: Annotated[str, typer.Option(metavar="2,4,8", help="Numbers of animals; from 2 to all if left out.")] = "",
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where table and picture go.")] = Path("learning_curve"),
) -> None:
    """Tell how the score grows with the number of labelled animals, and what ten more would likely bring."""
    from ethocache.endtoend import searching  # loads numpy

    run_stage(lambda: searching.learning_curve(find_store(), head, draws, sizes, to))


@app.command()
def compare(
    first: Annotated[
        str | None, typer.Argument(metavar="[EXP|REV]", help="An experiment, a git revision, a folder; HEAD if left out.")
    ] = None,
    second: Annotated[str | None, typer.Argument(metavar="[EXP|REV]", help="The other one; the workspace if left out.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="A table of all experiments: scores, cost, which are worth their time.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the table.")] = None,
) -> None:
    """Tell whether one experiment is really better than another: animal by animal, with intervals, p and cost."""
    from ethocache.endtoend import comparing  # loads numpy

    names = [name for name in (first, second) if name is not None]
    run_stage(lambda: comparing.compare_all(names, csv) if everything else comparing.compare(names, csv))


@store_app.command()
def verify() -> None:
    """Read every kept byte and take away what is damaged, so that it is made again."""
    from ethocache.endtoend import upkeep

    run_stage(lambda: upkeep.verify(_existing_store()))


@store_app.command()
def size() -> None:
    """Say what is kept, how much space it takes, and how much of it nothing uses."""
    from ethocache.endtoend import upkeep

    run_stage(lambda: upkeep.size(_existing_store()))


@store_app.command()
def prune(
    days: Annotated[float, typer.Option("--older-than", metavar="DAYS", min=0, help="Keep what was used more lately.")] = 7,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this, only say what would go.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Also forget what is known of files that are gone.")] = False,
    forget: Annotated[Path | None, typer.Option(metavar="PROJECT", help="A project that used this store and is gone for good.")] = None,
) -> None:
    """Remove the results that no project, experiment or run uses any more."""
    from ethocache.endtoend import upkeep

    run_stage(lambda: upkeep.prune(_existing_store(), days, yes, answers, forget))


@tracks_app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the pictures go.")] = Path("data/contact_sheets"),
) -> None:
    """Draw each video's track: the worst frames and some from everywhere, with key points and crop, and the numbers of its gates."""
    with explaining("ethocache"):
        from ethocache.endtoend.checking_tracks import check_project  # loads numpy and the video library

        good = check_project(folder, find_store())
    raise typer.Exit(0 if good else 1)


def _examine(folder: Path, as_json: bool) -> bool:
    """Print what the doctor finds; return whether nothing is wrong."""
    from ethocache.endtoend import doctor_report  # loads the video library
    from ethocache.endtoend.doctor import examine

    if not (folder / "params.yaml").is_file():
        raise InputError(
            f"expected a project with params.yaml in {folder.absolute()}, found none; name its folder, or make one: ethocache init DIR"
        )
    os.chdir(folder)
    diagnosis = examine(Path("params.yaml"), find_store())
    print(json.dumps(doctor_report.as_json(diagnosis), indent=1) if as_json else doctor_report.in_words(diagnosis))
    return not diagnosis.count("error")


def _existing_store() -> Store:
    store = find_store()
    if not store.root.is_dir():
        raise InputError(f"there is no store at {store.root}: run from the project's folder, or name the store in ETHOCACHE_STORE")
    return store

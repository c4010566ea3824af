"""Write the report: page by page, so that memory does not grow with the videos; the overview is there only once all else is."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ethocache.common.files import fill_folder, write_text
from ethocache.common.wording import counted
from ethocache.dataset.index import VideoRecord
from ethocache.scoring.report.overview import Made, overview
from ethocache.scoring.report.rows import VideoRow, row_of, title_of
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.report.slugs import slugs_of
from ethocache.scoring.report.told import Told
from ethocache.scoring.report.video_data import Link, as_script, video_data
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import Queue

REVISION = 5  # of all that pages say, the queue and the doubts included; raise it when the same results would give other pages
TEMPLATES, ASSETS = (Path(__file__).parent / name for name in ("templates", "assets"))
INDEX = "index.html"

Tell = Callable[[VideoRecord], Told]
FindFilm = Callable[[VideoRecord], Path | None]
Step = Callable[[], object]


@dataclass(frozen=True)
class Report:
    """Where the report goes, and what all of its pages share.

    Attributes
    ----------
    folder
        Its folder.
    project
        A digest under which browsers keep the corrections of this project.
    records
        All videos, in the order of their pages.
    queue, doubts
        Of the whole project.
    """

    folder: Path
    project: str
    records: Sequence[VideoRecord]
    queue: Queue
    doubts: Sequence[Doubt]
    params: ReportParams

    def write(
        self,
        told: Tell,
        film: FindFilm,
        plots: Path,
        made: Made,
        step: Step,
    ) -> int:
        """Write every page, and return how many pages of videos there are.

        The overview is removed first and written last: a report that lacks pages lacks it, too.

        Parameters
        ----------
        told
            Reads what is known of a video.
        film
            Finds the crop of a video as browsers play it; None where it has none.
        plots
            Folder of the pictures.
        step
            Called once a video.
        """
        (self.folder / INDEX).unlink(missing_ok=True)
        pages = _environment()
        rows = []
        for row in self._videos(told, film, pages):
            rows.append(row)
            step()
        _copy_folder(ASSETS, self.folder / "assets", [path.name for path in ASSETS.iterdir() if path.is_file()])
        _copy_folder(plots, self.folder / "plots", [picture.file for picture in made.pictures])
        animals = len({record.animal for record in self.records})
        shown = overview(made, rows, animals, self.queue, self.doubts, self.params)
        write_text(self.folder / INDEX, pages.get_template(INDEX).render(project=self.project, **shown))
        return len(rows)

    def _videos(self, told: Tell, film: FindFilm, pages: Environment) -> Iterator[VideoRow]:
        slugs = slugs_of(record.id for record in self.records)
        moments, doubts = _by_video(self.queue.moments), defaultdict[str, list[Doubt]](list)
        for doubt in self.doubts:
            doubts[doubt.video].append(doubt)
        onward = _next_moments(self.queue.moments, slugs)
        template, films = pages.get_template("video.html"), dict[str, Path]()
        _remove_others(self.folder / "videos", {f"{slug}{ending}" for slug in slugs.values() for ending in (".html", ".js")})
        for place, record in enumerate(self.records):
            slug, known = slugs[record.id], told(record)
            if self.params.media and (path := film(record)):
                films[f"{slug}.mp4"] = path
            media = f"../media/{slug}.mp4" if f"{slug}.mp4" in films else None
            links = {"previous": self._link(place - 1, slugs), "next": self._link(place + 1, slugs), "next_moment": onward.get(record.id)}
            data = video_data(known, media, moments[record.id], doubts[record.id], links)
            write_text(self.folder / "videos" / f"{slug}.js", as_script(data))
            page = template.render(project=self.project, title=title_of(record), slug=slug)
            write_text(self.folder / "videos" / f"{slug}.html", page)
            yield row_of(known, f"videos/{slug}.html", len(moments[record.id]), len(doubts[record.id]))
        fill_folder(self.folder / "media", films)

    def _link(self, place: int, slugs: Mapping[str, str]) -> Link:
        if not 0 <= place < len(self.records):
            return None
        return {"href": f"{slugs[self.records[place].id]}.html", "title": title_of(self.records[place])}


def _by_video(moments: Sequence[Moment]) -> defaultdict[str, list[tuple[int, Moment]]]:
    found = defaultdict[str, list[tuple[int, Moment]]](list)
    for rank, moment in enumerate(moments, 1):
        found[moment.video].append((rank, moment))
    return found


def _next_moments(moments: Sequence[Moment], slugs: Mapping[str, str]) -> dict[str, Link]:
    """Return for each video of the queue the page where the queue goes on when all of its moments are done: that of the next video.

    Videos come in the order of their first moment; the last has none.
    """
    order = list(dict.fromkeys(moment.video for moment in moments))
    return {video: {"href": f"{slugs[after]}.html#moment", "title": after} for video, after in pairwise(order)}


def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    pages = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    pages.filters |= {"clock": _clock, "share": _share, "counted": counted}
    return pages


def _clock(seconds: float) -> str:
    """Return a time in a video as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _share(value: float) -> str:
    """Return where a value from 0 to 1 lies on a line of 200."""
    return f"{200 * min(max(value, 0.0), 1.0):.1f}"


def _copy_folder(source: Path, target: Path, names: Sequence[str]) -> None:
    """Make a folder hold copies of these files and nothing else; what has not changed is left alone."""
    _remove_others(target, set(names))
    for name in names:
        write_text(target / name, (source / name).read_text(encoding="utf-8"))


def _remove_others(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

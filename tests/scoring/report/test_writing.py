import re
from html.parser import HTMLParser

import pytest

from ethocache.scoring.report.captions import pictures_of
from ethocache.scoring.report.overview import Made
from ethocache.scoring.report.settings import ReportParams
from ethocache.scoring.report.told import told_by_prediction
from ethocache.scoring.report.writing import Report
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import Queue
from ethocache.scoring.summary import score

HOSTILE = "<script>alert('é')</script>\""


class Elements(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, attribute):
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]


@pytest.fixture
def write(tmp_path, record, prediction):
    """Return a function that writes the report of videos of these names, and returns its folder."""

    def make(names=("m1", HOSTILE, "m3"), film=lambda record: None, tell=None, scored=True, metrics=None, **params):
        plots = tmp_path / "plots"
        plots.mkdir(exist_ok=True)
        for name in ("pr", "ethogram", "ethogram_2", "ethogram_10", "other"):
            (plots / f"{name}.svg").write_text("<svg/>")
        metrics = metrics or score([prediction(name) for name in names] if scored else [])
        made = Made("lstm", "mean_colour", ("grooming", "rearing"), metrics, {}, pictures_of(plots))
        moments = [
            Moment(names[-1], "grooming", 2, 6, 0.2, 0.6, 3.0, 1.0, "uncertain"),
            Moment(names[0], "rearing", 0, 4, 0, 0.4, 2, 1, "no"),
        ]
        queue = Queue(tuple(moments), 5.0, 9.0, 13.0)
        doubts = [Doubt("labelled, but ...", names[0], "grooming", "", 2, 5, 0.2, 0.5, 0.99, detail="labelled grooming")]
        report = Report(tmp_path / "report", "abc", [record(name) for name in names], queue, doubts, ReportParams(**params))
        told = tell or (lambda record: told_by_prediction(record, prediction(record.id)))
        report.write(told, film, plots, made, lambda: None)
        return tmp_path / "report"

    return make


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_hostile_names_are_text_and_every_link_leads_to_a_file(write):
    folder = write(title=HOSTILE)
    page = Elements((folder / "index.html").read_text(encoding="utf-8"))
    assert HOSTILE in page.text and set(page.all("script", "src")) == {"assets/corrections_csv.js", "assets/index.js"}
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") or name == "style" for name in attributes)]
    links = [link.partition("#")[0] for link in page.all("a", "href") + page.all("img", "src") + page.all("link", "href")]
    assert all((folder / link).is_file() for link in links if link and not link.startswith("data:"))
    assert len(list((folder / "videos").glob("*.html"))) == len(list((folder / "videos").glob("*.js"))) == 3


def test_no_request_leaves_the_page(write):
    page = (write() / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:https?:)?//\w", page)


def test_pages_know_their_neighbours_and_where_the_queue_goes_on(write):
    folder = write(("m1", "m2", "m3"))
    first, last = ((folder / "videos" / f"{name}.js").read_text() for name in ("m1", "m3"))
    assert '"previous":null,"next":{"href":"m2.html","title":"m2"},"next_moment":null' in first
    assert '"previous":{"href":"m2.html","title":"m2"},"next":null,"next_moment":{"href":"m1.html#moment","title":"m1"}' in last
    assert '"rank":1' in last and '"rank":2' in first


def test_the_list_says_what_is_known_of_each_video(write):
    page = (write(("m1", "m2", "m3")) / "index.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr data-words=.*?</tr>", page, re.DOTALL)
    assert len(rows) == 3 and 'data-kind="labelled moments doubts"' in rows[0] and 'data-kind="labelled"' in rows[1]
    words = " ".join(Elements(rows[0].replace("</td>", " </td>")).text.split())
    assert words == "m1 m1 0:01 yes 0.40.3 0.00.0 1 1", "tagged above labelled"


def test_a_search_finds_a_name_as_people_type_it_however_the_disk_writes_it(write):
    page = Elements((write(("Straße Te\u0302te", "m2", "m3")) / "index.html").read_text(encoding="utf-8"))
    assert "straße t\u00eate" in page.all("tr", "data-words")[0]


def test_animals_on_which_settings_were_searched_are_told_beside_honest_ones(write, prediction):
    names = ("m1", "m2", "m3")
    assert "settings were searched" not in (write(names) / "index.html").read_text(encoding="utf-8")
    page = write(names, metrics=score([prediction("m1", seen=True), prediction("m2"), prediction("m3")]))
    assert "on 1 of these animals settings were searched" in (page / "index.html").read_text(encoding="utf-8")


def test_pictures_stand_in_the_order_of_their_numbers_and_strangers_are_left_out(write):
    page = Elements((write() / "index.html").read_text(encoding="utf-8"))
    assert page.all("img", "src") == [f"plots/{name}.svg" for name in ("ethogram", "ethogram_2", "ethogram_10", "pr")]
    assert all(page.all("img", "alt"))


def test_without_scores_the_page_says_why(write):
    page = (write(scored=False) / "index.html").read_text(encoding="utf-8")
    assert "No score: no labelled animal was left out of a training (train.score: false, or fewer than 3 labelled animals)" in page
    assert "All numbers" not in page


def test_media_are_links_to_the_crops_unless_nobody_wants_them(write, tmp_path):
    crop = tmp_path / "crop.mp4"
    crop.write_bytes(b"film")
    folder = write(film=lambda record: crop if record.id == "m1" else None)
    assert [path.name for path in (folder / "media").iterdir()] == ["m1.mp4"]
    assert (folder / "media/m1.mp4").samefile(crop)
    assert '"media":"../media/m1.mp4"' in (folder / "videos/m1.js").read_text()
    assert '"media":null' in (folder / "videos/m3.js").read_text()
    folder = write(film=lambda record: crop, media=False)
    assert list((folder / "media").iterdir()) == []


def test_the_same_results_give_the_same_bytes_and_touch_no_file(write):
    folder = write()
    before, times = files(folder), {path: path.stat().st_mtime_ns for path in (folder / "videos").iterdir()}
    assert files(write()) == before
    assert {path: path.stat().st_mtime_ns for path in (folder / "videos").iterdir()} == times


def test_what_stops_on_the_way_leaves_no_overview(write):
    folder = write()

    def stop(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tell=stop)
    assert not (folder / "index.html").exists()


def test_pages_of_videos_that_are_gone_are_removed_and_a_saved_file_stays(write):
    folder = write(("m1", "m2", "m3"))
    (folder / "corrections.csv").write_text("mine")
    write(("m1", "m3"))
    assert sorted(path.name for path in (folder / "videos").iterdir()) == ["m1.html", "m1.js", "m3.html", "m3.js"]
    assert (folder / "corrections.csv").read_text() == "mine"

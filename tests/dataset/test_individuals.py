"""Which units of work the individuals of videos become."""

from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import TrackSource, VideoRecord, columns_about, read_index, unit_id, write_index
from ethocache.dataset.individuals import split_individuals, track_individuals
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(3, 32, 32, "yuv420p", "h264", 10.0, 0.3, False, (), "f" * 64)
PARAMS = DataParams(dir="lab", behaviours=("grooming",), individuals="each")


def header(*individuals: str, points: tuple[str, ...] = ("nose",), single: tuple[str, ...] = ()) -> str:
    """The first rows of DeepLabCut's file; `single` are points of no animal."""
    columns = [(who, name, c) for who in individuals for name in points for c in ("x", "y", "likelihood")]
    columns += [("single", name, c) for name in single for c in ("x", "y", "likelihood")]
    rows = [
        ["scorer", *("DLC" for _ in columns)],
        *([kind, *(column[place] for column in columns)] for place, kind in enumerate(("individuals", "bodyparts", "coords"))),
    ]
    return "".join(",".join(row) + "\n" for row in rows)


class Lab:
    """A data folder with the tracks of some videos."""

    def __init__(self, folder: Path) -> None:
        self.root, self.store, self.records = folder / "lab", Store(folder / "store"), list[VideoRecord]()
        self.root.mkdir()

    def add(self, video: str, text: str) -> None:
        (self.root / f"{video}DLC.csv").write_text(text)
        source = TrackSource(f"{video}DLC.csv", self.store.fingerprint(self.root / f"{video}DLC.csv"))
        self.records.append(VideoRecord(video, f"{video}.mp4", {"cage": video}, video, FACTS, source))

    def split(self, *names: str, source: tuple[str, ...] | None = None, problems: list[str] | None = None) -> list[VideoRecord]:
        params = PARAMS.model_copy(update={"individuals": names or "each"})
        return split_individuals(self.records, params, source, DataFolder(str(self.root)), self.store, problems)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_video_becomes_a_unit_for_each_individual_of_its_own_track(lab: Lab, tmp_path: Path) -> None:
    lab.add("a", header("m1", "m2"))
    lab.add("b", header("m2", "m3", "m1"))
    units = lab.split()
    assert [unit.id for unit in units] == ["a.m1", "a.m2", "b.m2", "b.m3", "b.m1"]
    assert {(unit.video, unit.animal, unit.file) for unit in units[:2]} == {("a", "a", "a.mp4")}
    assert units[3].about == {"cage": "b", "individual": "m3"} and units[3].place == "b.mp4, 'm3'"
    write_index(tmp_path / "index.json", units)
    assert read_index(tmp_path / "index.json") == units


def test_together_leaves_every_video_whole(lab: Lab) -> None:
    lab.add("a", header("m1", "m2"))
    assert split_individuals(
        lab.records, PARAMS.model_copy(update={"individuals": "together"}), None, DataFolder(str(lab.root)), lab.store
    ) == (lab.records)
    assert lab.records[0].video == lab.records[0].id == "a" and lab.records[0].about == {"cage": "a"}


def test_a_video_of_one_animal_without_a_name_stays_whole_and_tables_hold_both(lab: Lab) -> None:
    lab.add("alone", "scorer,DLC,DLC,DLC\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n")
    lab.add("two", header("m1", "m2"))
    units = lab.split()
    assert [unit.id for unit in units] == ["alone", "two.m1", "two.m2"]
    assert columns_about(units) == ["cage", "individual"]


def test_points_of_no_animal_are_no_individual(lab: Lab) -> None:
    lab.add("a", header("m1", "m2", single=("corner",)))
    lab.add("b", header("m1", "single"))
    assert [unit.id for unit in lab.split()] == ["a.m1", "a.m2", "b.m1", "b.single"], "one who has a nose is an animal"


def test_what_a_track_holds_is_remembered_by_its_content(lab: Lab) -> None:
    lab.add("a", header("m1", "m2"))
    lab.split()
    (lab.root / "aDLC.csv").write_text("another file")
    assert track_individuals(lab.root / "aDLC.csv", lab.records[0].track.fingerprint, lab.store) == ("m1", "m2")  # type: ignore[union-attr]
    with pytest.raises(InputError, match=r"aDLC\.csv: expected DeepLabCut's header rows"):
        track_individuals(lab.root / "aDLC.csv", "0" * 64, lab.store)


def test_sources_that_run_a_network_say_themselves_who_is_there(lab: Lab) -> None:
    lab.add("a", "no track file is looked at")
    assert [unit.id for unit in lab.split(source=("animal1", "animal2"))] == ["a.animal1", "a.animal2"]
    assert lab.split(source=("",)) == lab.records


def test_names_take_those_alone_in_the_order_of_the_track(lab: Lab) -> None:
    lab.add("a", header("m1", "m2", "m3"))
    assert [unit.id for unit in lab.split("m3", "m1")] == ["a.m1", "a.m3"]
    assert [unit.of for unit in lab.split("m3", "m1")] == [3, 3], "the second counts, too"


@pytest.mark.parametrize(
    ("name", "safe"), [("mouse 1", "mouse_1"), ("a/b", "a_b"), ("..", "__"), ("m.1", "m_1"), ("Mäuschen-2", "Mäuschen-2")]
)
def test_names_are_safe_in_the_name_of_a_file(name: str, safe: str) -> None:
    assert unit_id("a", name) == f"a.{safe}"
    record = VideoRecord(unit_id("a.b", name), "a.b.mp4", {}, "a", FACTS, None, name)
    assert record.video == "a.b"


@pytest.mark.parametrize(
    ("tracks", "names", "message"),
    [
        ({"a": header("m1")}, ("m2",), "a.mp4: data.individuals: 'm2' is no individual of its track, did you mean 'm1'?; it has: m1"),
        ({"a": "scorer,D\nbodyparts,n\ncoords,x\n"}, ("m2",), "'m2' is no individual of its track; it is of one animal without a name"),
        ({"a": header("m 1", "m_1")}, (), "a.mp4, 'm 1' and a.mp4, 'm_1' would both be called 'a.m_1', so their results would mix; rename"),
        ({"a": header("m1", "M1")}, (), "would both be called 'a.M1'"),
        (
            {"a.m1": "scorer,D\nbodyparts,n\ncoords,x\n", "a": header("m1", "m2")},
            (),
            "a.m1.mp4 and a.mp4, 'm1' would both be called 'a.m1'",
        ),
        ({"a": header("m1", " ")}, (), "a.mp4: data.individuals: an individual of its track has no name; name it there, or set together"),
        ({"a": "nothing of the kind"}, (), "aDLC.csv: expected DeepLabCut's header rows"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(lab: Lab, tracks: dict[str, str], names: tuple[str, ...], message: str) -> None:
    for video, text in tracks.items():
        lab.add(video, text)
    with pytest.raises(InputError) as refused:
        lab.split(*names)
    assert message in str(refused.value) and "\n" not in str(refused.value)
    problems: list[str] = []
    lab.split(*names, problems=problems)
    assert problems == [str(refused.value)]


def test_without_tracks_nothing_tells_animals_apart(lab: Lab) -> None:
    lab.add("a", header("m1"))
    with pytest.raises(
        InputError, match=r"nothing tells animals apart where track\.source is none; choose where tracks come from, or together"
    ):
        lab.split(source=())


@pytest.mark.parametrize("wrong", [7, [], {}, ["m1", ""], ["m1", 2], None, True])
def test_what_are_no_names_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"expected together, each or names as the tracks have them"):
        DataParams(dir="lab", behaviours=("grooming",), individuals=wrong)  # type: ignore[arg-type]


def test_a_unit_that_is_called_like_another_video_is_refused(lab: Lab) -> None:
    """Labels named after one would reach the other."""
    lab.add("m1", header("1", "2"))
    lab.add("m1.2", header("1", "2"))
    with pytest.raises(InputError, match=r"m1\.2\.mp4 and m1\.mp4, '2' would both be called 'm1\.2', so their results would mix"):
        lab.split()

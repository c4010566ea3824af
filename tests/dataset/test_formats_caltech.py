"""Caltech Behavior Annotator. Layouts after https://pdollar.github.io/toolbox/videos/behaviorData.html."""

import tarfile
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pipeline import SHARED

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Bout, BoutList, Meaning, recognise
from ethocache.dataset.text import read_head

READER = FORMATS["caltech"]
TITLE = "Caltech Behavior Annotator - Annotation File"
RATS = SHARED / "rats/rats.tar.xz"


@pytest.fixture
def write(tmp_path):
    def write(text, name="m1.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


def annotation(*streams, names=("base", "social", "nonsocial"), row="   \t{}\t{}\t{}", header="S{}:\tstart\tend\ttype"):
    """Write what the annotator writes: a list of behaviours with keys, and per stream rows of first frame, last frame, behaviour."""
    lines = [TITLE, "", "Configuration file:", *(f"{name}\t{key}" for name, key in zip(names, "abcdef", strict=False)), ""]
    for number, bouts in enumerate(streams, 1):
        lines += [header.format(number), "-" * 29, *(row.format(*bout) for bout in bouts), "  "]
    return "\n".join(lines) + "\n"


def bouts_of(path, **meaning):
    found = READER.read(path, Meaning(**meaning))[0].content
    assert isinstance(found, BoutList) and found.unit == "frames"
    return found.bouts


S1 = ((1, 10, "base"), (11, 11, "social"), (12, 40, "nonsocial"))
S2 = ((1, 20, "nonsocial"), (21, 40, "base"))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_frames_from_one_both_included_become_half_open_frames_from_zero(write, ending):
    path = write(annotation(S1).replace("\n", ending))
    assert recognise(path, Meaning()) == "caltech"
    assert [(bout.behaviour, bout.start, bout.stop, bout.stream) for bout in bouts_of(path)] == [
        ("base", 0, 10, "S1"),
        ("social", 10, 11, "S1"),
        ("nonsocial", 11, 40, "S1"),
    ]


def test_a_bout_says_its_line(write):
    assert bouts_of(write(annotation(S1)))[1] == Bout("social", 10, 11, 11, "S1")


def test_cells_may_be_separated_by_spaces_as_the_annotator_itself_does(write):
    path = write(annotation(S1, S2, row="{:8}  {:6}    {}", header="S{}: start    end     type").replace("\ta", " a"))
    assert recognise(path, Meaning()) == "caltech"
    assert bouts_of(path) == bouts_of(write(annotation(S1, S2), "tabs.txt"))


def test_names_may_hold_spaces_and_accents_and_lack_a_key(write):
    names = ("wall rearing", "Tête en bas", "other")
    path = write(annotation(((1, 2, names[0]), (3, 4, names[1]), (5, 6, names[2])), names=names).replace("other\tc", "other"))
    assert [bout.behaviour for bout in bouts_of(path)] == list(names)


def test_an_annotation_saved_from_excel_is_read_alike(write, tmp_path):
    book = Workbook()
    for text in annotation(S1, S2).splitlines():
        book.active.append([int(cell) if cell.isdigit() else cell for cell in text.split("\t")])
    book.save(tmp_path / "m1.xlsx")
    assert recognise(tmp_path / "m1.xlsx", Meaning()) == "caltech"
    assert bouts_of(tmp_path / "m1.xlsx") == bouts_of(write(annotation(S1, S2)))


@pytest.mark.parametrize(("streams", "expected"), [((), ["S1", "S2"]), (("S1",), ["S1"]), (("S2",), ["S2"]), (("S2", "S1"), ["S1", "S2"])])
def test_streams_are_chosen_and_what_is_not_read_is_said(write, streams, expected):
    (labels,) = READER.read(write(annotation(S1, S2)), Meaning(streams=streams))
    assert sorted({bout.stream for bout in labels.content.bouts}) == expected
    left = {"S1": "the stream S1 (3 bouts) is not read", "S2": "the stream S2 (2 bouts) is not read"}
    assert labels.notes == tuple(note for name, note in left.items() if name not in expected)
    assert (labels.media, labels.rater) == ("", "")


def test_an_unknown_stream_is_refused_with_those_that_are_there(write):
    expected = "there is no stream 'S3'; the file has S1, S2. Correct labels.streams, or leave it empty for all"
    with pytest.raises(InputError, match=expected):
        READER.read(write(annotation(S1, S2)), Meaning(streams=("S1", "S3")))


def changed(old, new):
    text = annotation(S1, S2)
    assert old in text
    return text.replace(old, new, 1)


FAULTS = {
    changed("\t11\t11\tsocial", "\t10\t11\tsocial"): "line 10, 'base' from frame 1 to 10, and line 11, 'social' from frame 10 to 11: "
    "they overlap, although a stream has one behaviour at a time; correct one",
    changed(
        "\t12\t40\tnonsocial", "\t14\t40\tnonsocial"
    ): "line 11, 'social' from frame 11 to 11, and line 12, 'nonsocial' from frame 14 to 40: "
    "between them no behaviour is given, although each frame has one; correct one",
    changed("\t1\t10\tbase", "\t3\t10\tbase"): "line 10, 'base' from frame 3 to 10: expected the stream S1 to begin at frame 1",
    changed("\t1\t10\tbase", "\t0\t10\tbase"): "line 10: expected a frame number from 1, found '0'",
    changed("\t1\t10\tbase", "\t1\tten\tbase"): "line 10: expected a frame number from 1, found 'ten'",
    changed("\t1\t10\tbase", "\t1\t10.0\tbase"): "line 10: expected a frame number from 1, found '10.0'",
    changed("\t1\t10\tbase", "\t1\t-10\tbase"): "line 10: expected a frame number from 1, found '-10'",
    changed("\t1\t10\tbase", "\t1\t" + "9" * 5000 + "\tbase"): "line 10: expected a frame number from 1, found '99999",
    changed("\t1\t10\tbase", "\t10\t1\tbase"): "line 10, 'base' from frame 10 to 1: it stops before it starts; swap the two",
    changed("\t1\t10\tbase", "\t1\tbase"): "line 10: expected a first frame, a last frame and a behaviour, found '1 base'",
    changed("\t11\tsocial", "\t11\tSocail"): "line 11: 'Socail' is not in the list of behaviours above S1, did you mean 'social'?",
    changed("\t11\tsocial", "\t11\txyz"): "line 11: 'xyz' is not in the list of behaviours above S1; correct it, or add it there",
    changed("S2:", "S1:"): "line 14: the stream S1 begins a second time; give each stream its own number",
    changed("\t21\t40", "\t21\t39"): "S1 ends at frame 40, S2 at 39, although all streams are of one video; is the file cut?",
    annotation(S1, ()): "the stream S2 has no bouts, yet each of its frames has a behaviour; is the file cut?",
    annotation(): "expected a stream of bouts below 'S1: start end type', found none",
    TITLE: "expected a stream of bouts below 'S1: start end type', found none",
    f"{TITLE}\nS1:\tstart\tend\ttype\n1\t2\tsocial\n": "line 3: 'social' is not in the list of behaviours above S1",
    changed("\t11\tsocial", '\t"11\tsocial'): "look for a quote that is not closed",
}


@pytest.mark.parametrize("text", FAULTS, ids=range(len(FAULTS)))
def test_a_faulty_file_is_refused_with_its_place(write, text):
    with pytest.raises(InputError) as error:
        READER.read(write(text), Meaning())
    assert FAULTS[text] in str(error.value) and "\n" not in str(error.value)


def test_a_fault_in_a_stream_that_is_not_read_does_not_matter(write):
    assert len(bouts_of(write(changed("\t21\t40", "\t21\t39")), streams=("S1",))) == 3


OTHERS = ["", "behaviour,start_s,stop_s\na,1,2\n", "frame,a\n0,1\n", "Bento annotation file\n", f"see {TITLE}\n", "PK\0\0"]


@pytest.mark.parametrize("text", OTHERS)
def test_other_files_are_not_taken_for_annotations(write, text):
    assert not READER.recognise(read_head(write(text)), Meaning())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.sampled_from(["base", "social", "nonsocial"])), min_size=1, max_size=12))
def test_any_stream_that_the_annotator_can_write_covers_every_frame_once(tmp_path_factory, stretches):
    stops = [sum(length for length, _ in stretches[: n + 1]) for n in range(len(stretches))]
    stream = [(stop - length + 1, stop, name) for stop, (length, name) in zip(stops, stretches, strict=True)]
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_text(annotation(stream))
    found = [(frame, bout.behaviour) for bout in bouts_of(path) for frame in range(int(bout.start), int(bout.stop))]
    assert found == list(enumerate(name for length, name in stretches for _ in range(length)))


COUNTS = {
    ("S1", "aggression"): 207,
    ("S1", "base"): 88,
    ("S1", "nonsocial"): 1054,
    ("S1", "social"): 1183,
    ("S2", "base"): 243,
    ("S2", "bite"): 30,
    ("S2", "chase"): 29,
    ("S2", "clinch"): 354,
    ("S2", "freezing"): 16,
    ("S2", "keepdown"): 168,
    ("S2", "lateralthreat"): 413,
    ("S2", "uprightposture"): 91,
}


@pytest.fixture(scope="module")
def rats(tmp_path_factory):
    """The labels of 44 real sessions, unpacked."""
    if not RATS.is_file():
        pytest.skip("the real sessions of rats are not beside the repository (../shared/data/rats)")
    folder = tmp_path_factory.mktemp("rats")
    with tarfile.open(RATS) as archive:
        archive.extractall(folder, [member for member in archive if member.name.endswith("_annot.txt")], filter="data")
    return sorted(folder.rglob("*_annot.txt"))


def test_every_bout_of_44_real_sessions_is_read(rats):
    counts: Counter[tuple[str, str]] = Counter()
    for path in rats:
        assert recognise(path, Meaning()) == "caltech"
        counts.update((bout.stream, bout.behaviour) for bout in bouts_of(path))
    assert len(rats) == 44
    assert counts == COUNTS


def test_the_streams_of_real_sessions_cover_every_frame_to_the_same_end(rats):
    for path in rats:
        streams = {bout.stream for bout in bouts_of(path)}
        lengths = {stream: sum(bout.stop - bout.start for bout in bouts_of(path, streams=(stream,))) for stream in streams}
        assert len(set(lengths.values())) == 1, path
        assert set(lengths.values()) == {max(bout.stop for bout in bouts_of(path))}

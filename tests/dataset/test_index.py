import shutil
from dataclasses import replace

import av
import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset import index
from ethocache.dataset.findings import findings
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import (
    index_videos,
    look_at_video,
    parse_name,
    read_index,
    time_stamps,
    write_index,
)


def write_video(path, frames=5, shade=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "30"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(frames):
            picture = np.full((32, 32, 3), 8 * number + shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())


TRACK = "scorer,DLC,DLC,DLC\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n" + "".join(f"{row},1,2,0.9\n" for row in range(5))


@pytest.fixture
def lab(tmp_path):
    """A data folder with two videos of two animals, each with its track."""
    for number, stem in enumerate(("WT_YFP_1", "HD_YFP_2")):
        write_video(tmp_path / f"lab/videos/{stem}.mp4", shade=number)
        (tmp_path / f"lab/videos/{stem}DLC_a.csv").write_text(TRACK)
    return DataFolder(str(tmp_path / "lab"))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


PARAMS = DataParams(dir="lab", tracks="videos/*.csv", name="{genotype}_{treatment}_{animal}", behaviours=("grooming",))


def test_a_video_is_known_by_its_name_its_parts_its_content_and_its_track(lab, store):
    first, second = index_videos(lab, PARAMS, with_tracks=True, store=store)
    assert (first.id, first.file, first.animal) == ("HD_YFP_2", "videos/HD_YFP_2.mp4", "2")
    assert second.fields == {"genotype": "WT", "treatment": "YFP", "animal": "1"}
    assert (first.facts.frames, first.facts.fps) == (5, 10.0)
    assert first.track.file == "videos/HD_YFP_2DLC_a.csv"
    assert first.facts.fingerprint != second.facts.fingerprint
    assert first.track.fingerprint == second.track.fingerprint


def test_the_index_reads_back_as_it_was_written(lab, store, tmp_path):
    records = index_videos(lab, PARAMS, with_tracks=True, store=store)
    records.append(replace(records[0], id="no track", track=None))
    write_index(tmp_path / "index.json", records)
    assert read_index(tmp_path / "index.json") == records


def test_a_video_that_was_seen_before_is_not_opened(lab, store, monkeypatch):
    before = index_videos(lab, PARAMS, with_tracks=True, store=store)

    def must_not_run(path):
        raise AssertionError(f"opened {path}")

    monkeypatch.setattr(index, "probe", must_not_run)
    monkeypatch.setattr("ethocache.common.store.sha256_of_file", must_not_run)
    assert index_videos(lab, PARAMS, with_tracks=True, store=store) == before


def test_time_stamps_are_kept_and_read_again_where_the_store_was_lost(lab, store, tmp_path):
    record = index_videos(lab, PARAMS, with_tracks=False, store=store)[0]
    assert time_stamps(record, lab, store) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert time_stamps(record, lab, Store(tmp_path / "new")) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_video_that_was_replaced_after_indexing_is_refused(lab, tmp_path, store):
    record = index_videos(lab, PARAMS, with_tracks=False, store=store)[0]
    shutil.copy(lab.path("videos/WT_YFP_1.mp4"), lab.path(record.file))
    with pytest.raises(InputError, match="not the video that was indexed"):
        time_stamps(record, lab, Store(tmp_path / "new"))


def test_a_replaced_file_of_the_same_name_is_another_video(lab, store):
    path = lab.path("videos/WT_YFP_1.mp4")
    before = look_at_video(path, store)
    write_video(path, frames=7)
    assert look_at_video(path, store).frames == 7 != before.frames


def test_no_video_names_the_pattern(lab, store):
    with pytest.raises(InputError, match=r"data\.videos: no file in 'lab' matches 'x/\*\.avi'"):
        index_videos(lab, PARAMS.model_copy(update={"videos": "x/*.avi"}), with_tracks=False, store=store)


def test_two_videos_of_one_name_would_mix(lab, store, tmp_path):
    write_video(tmp_path / "lab/more/wt_yfp_1.mp4")
    with pytest.raises(InputError, match=r"two videos have the same name.*WT_YFP_1\.mp4.*rename one"):
        index_videos(lab, PARAMS.model_copy(update={"videos": "*/*.mp4"}), with_tracks=False, store=store)


def test_every_problem_of_every_video_is_told_at_once(lab, store, tmp_path):
    (tmp_path / "lab/videos/HD_YFP_2DLC_a.csv").unlink()
    (tmp_path / "lab/videos/HD_YFP_3.mp4").write_bytes(b"")
    write_video(tmp_path / "lab/videos/nonsense.mp4")
    with pytest.raises(InputError) as caught:
        index_videos(lab, PARAMS, with_tracks=True, store=store)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "are done and kept" not in str(caught.value)
    assert "HD_YFP_2.mp4: expected a DeepLabCut file 'HD_YFP_2DLC*.csv'" in lines[0]
    assert "empty file" in lines[1]
    assert "nonsense.mp4: expected a name like '{genotype}_{treatment}_{animal}', found 'nonsense'" in lines[2]


@pytest.mark.parametrize(
    ("pattern", "stem", "parts"),
    [
        ("{animal}", "any thing.1", {"animal": "any thing.1"}),
        ("{genotype}_{animal}", "WT_1", {"genotype": "WT", "animal": "1"}),
        ("{genotype}_a_{animal}", "WT_a_b_1", {"genotype": "WT", "animal": "b_1"}),
        ("day{day} ({animal})", "day12 (ratón)", {"day": "12", "animal": "ratón"}),
    ],
)
def test_parts_of_a_name(pattern, stem, parts):
    assert parse_name(pattern, stem, "file") == parts


@pytest.mark.parametrize("pattern", ["{animal", "animal}", "{}", "{a}{a}", "{a-b}", "{1}", "{animal²}"])
def test_a_malformed_name_pattern_is_refused(pattern):
    with pytest.raises(InputError, match=r"data\.name: expected parts in braces, each once"):
        parse_name(pattern, "x", "file")


@pytest.mark.parametrize(
    ("pattern", "stem", "readings"),
    [
        ("{genotype}_{animal}", "WT_a_b", "genotype='WT' animal='a_b' or genotype='WT_a' animal='b'"),
        (
            "{genotype}_{treatment}_{animal}",
            "WT_saline_low_01",
            "genotype='WT' treatment='saline' animal='low_01' or genotype='WT_saline' treatment='low' animal='01'",
        ),
    ],
)
def test_a_name_that_could_put_an_animal_on_two_sides_of_a_split_is_refused(pattern, stem, readings):
    with pytest.raises(InputError) as caught:
        parse_name(pattern, stem, "a.mp4")
    remedy = "rename the file, or give data.name more fixed text"
    assert str(caught.value) == f"a.mp4: '{stem}' fits '{pattern}' in more than one way, {readings}; {remedy}"


def test_a_malformed_name_pattern_is_told_once_for_all_videos(lab, store):
    with pytest.raises(InputError) as caught:
        index_videos(lab, PARAMS.model_copy(update={"name": "{1}"}), with_tracks=False, store=store)
    assert len(str(caught.value).splitlines()) == 1


def test_findings_tell_what_may_surprise(lab, store, tmp_path):
    shutil.copy(tmp_path / "lab/videos/WT_YFP_1.mp4", tmp_path / "lab/videos/HD_YFP_1.mp4")
    records = index_videos(lab, PARAMS, with_tracks=False, store=store)
    assert findings(records, PARAMS) == [
        "2 files hold the same video: videos/HD_YFP_1.mp4, videos/WT_YFP_1.mp4",
        "animal '1' has genotypes HD and WT: if these are two animals, give them two names",
    ]
    without_animal = PARAMS.model_copy(update={"name": "{what}"})
    records = index_videos(lab, without_animal, with_tracks=False, store=store)
    assert "each of the 3 videos counts as an animal of its own" in findings(records, without_animal)[0]
    assert {record.animal for record in records} == {record.id for record in records}

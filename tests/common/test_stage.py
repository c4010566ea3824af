import errno
import subprocess
import sys

import pytest

from ethocache.common.batch import for_each, stop_if_failed
from ethocache.common.cost import total_cost
from ethocache.common.errors import InputError
from ethocache.common.progress import progress
from ethocache.common.stage import Stopwatch, peak_memory_mb, run_stage
from ethocache.common.store import Entry


@pytest.fixture(autouse=True)
def as_stage(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["lib/ethocache/stages/crop.py"])  # as `python -m ethocache.stages.crop` has it


def test_a_stage_prints_its_summary_after_its_name(capsys):
    run_stage(lambda: "3 videos")
    assert capsys.readouterr().out == "crop: 3 videos\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("a.mp4: expected 10 frames, found 9"), "crop: a.mp4: expected 10 frames, found 9"),
        (OSError(errno.ENOSPC, "No space left on device", "a.h5"), "crop: a.h5: the disk is full; free some space and run again"),
        (OSError(errno.EROFS, "Read-only file system", "store"), "crop: store: this place is read-only"),
        (PermissionError(errno.EACCES, "Permission denied"), "crop: writing: this may not be read or written by you"),
        (KeyboardInterrupt(), "crop: stopped; what is finished is kept"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_1(error, message):
    def fail():
        raise error

    with pytest.raises(SystemExit) as caught:
        run_stage(fail)
    assert str(caught.value).startswith(message)


def test_a_fault_of_ours_keeps_its_traceback():
    def fail():
        raise OSError(errno.EBADF, "Bad file descriptor")

    with pytest.raises(OSError, match="Bad file descriptor"):
        run_stage(fail)


def test_one_bad_item_does_not_keep_the_others_from_being_done():
    done = []

    def work(item):
        if item % 2:
            raise InputError(f"item {item} is odd")
        done.append(item)
        return item

    with pytest.raises(InputError) as caught:
        for_each([1, 2, 3, 4], work)
    assert str(caught.value) == "item 1 is odd\nitem 3 is odd (2 others are done and kept)"
    assert done == [2, 4]
    assert for_each([2, 4], work) == [2, 4]
    with pytest.raises(InputError) as caught:
        for_each([1, 2], work, keeps=False)
    assert str(caught.value) == "item 1 is odd"


def test_a_problem_that_all_items_share_is_told_once():
    def work(item):
        raise InputError("labels.ignore and data.behaviours both name 'x'")

    with pytest.raises(InputError) as caught:
        for_each([1, 2, 3], work)
    assert str(caught.value) == "labels.ignore and data.behaviours both name 'x'"


def test_two_videos_with_one_content_cost_once(tmp_path):
    facts = {"frames": 100, "seconds": 2.0, "peak_memory_mb": 50.0, "device": "cpu"}
    slow = {"frames": 100, "seconds": 6.0, "peak_memory_mb": 70.0, "device": "cpu"}
    a = Entry(tmp_path / "a", {}, facts, {"x": {"bytes": 10, "sha256": ""}})
    b = Entry(tmp_path / "b", {}, slow, {"x": {"bytes": 20, "sha256": ""}})
    expected = {"frames": 200, "seconds": 8.0, "frames_per_second": 25.0, "bytes": 30, "peak_memory_mb": 70.0, "device": "cpu"}
    assert total_cost([a, b, a]) == expected
    assert total_cost([])["frames_per_second"] == 0.0


def test_the_rate_of_a_resumed_video_is_that_of_the_frames_done_in_the_recorded_time(tmp_path):
    facts = {"frames": 100, "resumed_at": 60, "seconds": 2.0, "peak_memory_mb": 50.0, "device": "cpu"}
    assert total_cost([Entry(tmp_path / "a", {}, facts, {})])["frames_per_second"] == 20.0


def test_progress_is_silent_where_nobody_looks(capfd):
    with progress("cropping a", 3) as bar:
        bar.update(3)
    assert capfd.readouterr().err == ""


def test_memory_and_time_are_measured():
    watch = Stopwatch()
    assert peak_memory_mb() > 1
    assert watch.seconds >= 0


def test_common_does_not_load_torch():
    script = "import sys, ethocache.common.compute, ethocache.common.stage, ethocache.common.store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_device_is_named():
    from ethocache.common.compute import device

    assert device() in {"cpu", "cuda", "mps"}


def test_of_what_is_kept_one_is_singular():
    with pytest.raises(InputError, match=r"^item 1 is odd \(1 other is done and kept\)$"):
        stop_if_failed(["item 1 is odd"], 1)

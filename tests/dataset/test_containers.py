"""A cut file is told from a short one."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.dataset.containers import missing_bytes


def write_video(path: Path, container_options: dict[str, str] | None = None) -> Path:
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return path


class TestMissingBytes:
    def test_are_none_in_whole_files(self, tmp_path: Path) -> None:
        for name in ("a.mp4", "a.mkv", "a.avi", "a.mov", "a.ts"):
            assert missing_bytes(write_video(tmp_path / name)) == 0

    @given(lost=st.integers(1, 500))
    @settings(max_examples=20, deadline=None)
    @pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
    def test_are_counted(self, tmp_path_factory: pytest.TempPathFactory, name: str, lost: int) -> None:
        path = tmp_path_factory.mktemp("cut") / name
        write_video(path)
        path.write_bytes(path.read_bytes()[:-lost])
        assert missing_bytes(path) == lost

    def test_are_not_guessed_where_a_recorder_left_the_size_open(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", {"live": "1"})
        path.write_bytes(path.read_bytes()[:-300])
        assert missing_bytes(path) == 0
        large = tmp_path / "large.mp4"
        large.write_bytes(b"\0\0\0\x08ftyp" + b"\0\0\0\x01mdat" + (100).to_bytes(8, "big") + bytes(50))
        assert missing_bytes(large) == 34
        odd = tmp_path / "odd.mkv"
        odd.write_bytes(b"\x1a\x45\xdf\xa3\x80\x01\x02\x03\x04")
        assert missing_bytes(odd) == 0
        odd.write_bytes(b"\x1a\x45\xdf\xa3")
        assert missing_bytes(odd) == 0

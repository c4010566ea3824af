"""What `probe` says of whole, odd, and broken files."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.dataset import videos
from ethocache.dataset.videos import probe

SHARED = Path(__file__).parents[2].parent / "shared"
with_shared_data = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="needs the real videos in ../shared/data")


def write_video(
    path: Path,
    frames: int = 10,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 30),
    size: tuple[int, int] = (64, 48),
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Render noise that moves, so that every frame has some bytes."""
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=30, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = number if pts is None else pts[number], time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, fraction: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    return path


def count_by_decoding(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


class TestAWholeFile:
    def test_says_how_many_frames_of_which_size_and_when(self, tmp_path: Path) -> None:
        facts, time_s = probe(write_video(tmp_path / "a.mp4", frames=15))
        assert (facts.frames, facts.width, facts.height) == (15, 64, 48)
        assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
        assert (facts.fps, facts.variable_rate, facts.notes) == (30.0, False, ())
        assert facts.duration_s == pytest.approx(0.5)
        np.testing.assert_array_equal(time_s, np.arange(15) * 512 / 15360)

    def test_counts_frames_as_the_decoder_does_whatever_the_codec_and_container(self, tmp_path: Path) -> None:
        kinds = [
            ("b.mp4", "libx264", "yuv420p", {"bf": "3"}),
            ("m.mkv", "libx264", "yuv444p", {}),
            ("j.avi", "mjpeg", "yuvj420p", {}),
            ("x.avi", "mpeg4", "yuv420p", {"bf": "2"}),
            ("h.avi", "libx264", "yuv420p", {"bf": "2"}),
            ("x.mp4", "mpeg4", "yuv420p", {"bf": "2"}),
            ("r.avi", "rawvideo", "gray", {}),
            ("f.mkv", "ffv1", "yuv420p", {}),
            ("t.ts", "libx264", "yuv420p", {}),
            ("g.webm", "libvpx", "yuv420p", {"auto-alt-ref": "1", "lag-in-frames": "5"}),
            ("o.mov", "png", "rgb24", {}),
        ]
        for name, codec, pixel_format, options in kinds:
            path = write_video(tmp_path / name, frames=12, codec=codec, pixel_format=pixel_format, options=options)
            facts, time_s = probe(path)
            assert facts.frames == len(time_s) == count_by_decoding(path) == 12, name
            assert time_s[0] == 0 and (np.diff(time_s) > 0).all(), name
            assert facts.fps == pytest.approx(30, rel=0.02), name

    def test_of_one_frame_has_a_rate_and_a_duration(self, tmp_path: Path) -> None:
        facts, time_s = probe(write_video(tmp_path / "a.mp4", frames=1))
        assert (facts.frames, time_s.tolist(), facts.fps) == (1, [0.0], 30.0)
        assert facts.duration_s == pytest.approx(1 / 30)

    def test_keeps_planted_time_stamps_exactly_and_is_called_variable(self, tmp_path: Path) -> None:
        pts = [0, 33, 66, 100, 300, 333, 366, 401, 434, 467]
        facts, time_s = probe(write_video(tmp_path / "a.mkv", pts=pts, time_base=Fraction(1, 1000)))
        np.testing.assert_array_equal(time_s, np.array(pts) / 1000)
        assert facts.variable_rate
        assert facts.fps == pytest.approx(30, rel=0.01)

    def test_of_thirty_frames_a_second_rounded_to_milliseconds_is_neither_variable_nor_faster(self, tmp_path: Path) -> None:
        pts = [round(n * 1000 / 30) for n in range(31)]
        facts, _ = probe(write_video(tmp_path / "a.mkv", frames=31, pts=pts, time_base=Fraction(1, 1000)))
        assert not facts.variable_rate
        assert facts.fps == pytest.approx(30, abs=1e-6)

    def test_of_turns_of_long_and_short_intervals_has_their_mean_rate(self, tmp_path: Path) -> None:
        pts = [0, 33, 83, 116, 166, 199, 249]  # 3:2 pulldown: as many of 33 as of 50 ms
        facts, _ = probe(write_video(tmp_path / "a.mkv", frames=7, pts=pts, time_base=Fraction(1, 1000)))
        assert facts.variable_rate
        assert facts.fps == pytest.approx(6 / 0.249, abs=1e-6)
        assert facts.duration_s == pytest.approx(0.249 * 7 / 6)

    def test_gives_times_from_its_first_frame_on(self, tmp_path: Path) -> None:
        _, time_s = probe(write_video(tmp_path / "a.mkv", pts=range(500, 510), time_base=Fraction(1, 100)))
        np.testing.assert_allclose(time_s, np.arange(10) / 100)

    def test_without_time_stamps_counts_at_its_rate_and_says_so(self, tmp_path: Path) -> None:
        facts, time_s = probe(write_video(tmp_path / "a.h264"))
        np.testing.assert_allclose(time_s, np.arange(10) / facts.fps)
        assert "does not say when each frame was shown" in facts.notes[0]
        assert facts.frames == 10

    def test_does_not_count_what_an_edit_list_hides(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4", frames=20, options={"bf": "0"})
        content = bytearray(path.read_bytes())
        start = content.index(b"elst") + 8
        assert struct.unpack(">I", content[start : start + 4]) == (1,)
        content[start + 8 : start + 12] = struct.pack(">i", 5 * 512)  # shown from the sixth frame on
        path.write_bytes(content)
        facts, time_s = probe(path)
        assert facts.frames == len(time_s) == count_by_decoding(path) == 15
        assert facts.notes == ("the header says 20 frames, the file holds 15",)

    def test_that_asks_to_be_turned_is_as_wide_as_it_is_shown(self, tmp_path: Path) -> None:
        facts, _ = probe(turn_by_a_quarter(write_video(tmp_path / "a.mp4")))
        assert (facts.width, facts.height) == (48, 64)
        assert "turned by" in facts.notes[0]

    def test_that_holds_frames_with_the_same_time_keeps_them_and_says_so(self, tmp_path: Path) -> None:
        pts = [0, 101, 102, 200, 300]  # tenths of the milliseconds that Matroska keeps
        path = write_video(tmp_path / "a.mkv", 5, "mjpeg", "yuvj420p", pts=pts, time_base=Fraction(1, 10000))
        facts, time_s = probe(path)
        assert time_s.tolist() == [0, 0.01, 0.01, 0.02, 0.03]
        assert facts.notes == ("frames with the same time stamp as the frame before: 1",)

    def test_never_believes_the_frame_count_in_the_header(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", codec="mjpeg", pixel_format="yuvj420p")
        content = bytearray(path.read_bytes())
        for chunk, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
            start = content.index(chunk) + offset
            assert struct.unpack("<I", content[start : start + 4]) == (10,)
            content[start : start + 4] = struct.pack("<I", 1000)
        path.write_bytes(content)
        facts, _ = probe(path)
        assert facts.frames == 10
        assert facts.notes == ("the header says 1000 frames, the file holds 10",)

    def test_of_a_recorder_that_was_killed_keeps_its_whole_frames(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", codec="mjpeg", pixel_format="yuvj420p")
        content = bytearray(path.read_bytes()[: path.stat().st_size // 2])
        content[4:8] = bytes(4)  # the size that nobody came to fill in
        path.write_bytes(content)
        facts, _ = probe(path)
        assert facts.notes == ("the header says 10 frames, the file holds 2",)

    def test_with_two_films_uses_the_first_and_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        with av.open(str(path), "w") as container:
            films = [container.add_stream("mjpeg", rate=30) for _ in range(2)]
            for film, width in zip(films, (64, 32), strict=True):
                film.width, film.height, film.pix_fmt = width, 32, "yuvj420p"
            for film in films:
                container.mux(film.encode(av.VideoFrame(film.width, 32, "yuvj420p")))
        facts, _ = probe(path)
        assert facts.width == 64
        assert facts.notes == ("the file holds 2 video streams, the first is used",)

    @with_shared_data
    def test_real_ones_hold_what_their_decoders_give(self) -> None:
        data = SHARED / "data"
        assert probe(data / "openfield/m3v1mp4.mp4")[0].frames == 2330
        assert probe(data / "vame_offbyone/cropped_video.mp4")[0].frames == 749
        clips = sorted((data / "bsoid_clips/clips").glob("*.avi"))
        assert sum(probe(clip)[0].frames for clip in clips) == 497


class TestTheFingerprint:
    def test_depends_on_the_content_and_not_on_the_name(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4")
        copy = tmp_path / "b.mp4"
        copy.write_bytes(path.read_bytes())
        assert probe(path)[0] == probe(copy)[0]
        other = write_video(tmp_path / "c.mp4", options={"crf": "30"})
        assert probe(path)[0].fingerprint != probe(other)[0].fingerprint

    def test_of_a_long_file_sees_its_samples_its_size_and_its_packets(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(videos, "WHOLE_FILE_LIMIT", 1000)
        monkeypatch.setattr(videos, "SAMPLE_BYTES", 100)
        path = write_video(tmp_path / "a.mkv", codec="rawvideo")
        before = probe(path)[0].fingerprint
        assert before == probe(path)[0].fingerprint
        changed = bytearray(path.read_bytes())
        changed[len(changed) // 2] ^= 255
        path.write_bytes(changed)
        middle = probe(path)[0].fingerprint
        later = write_video(tmp_path / "b.mkv", codec="rawvideo", pts=[*range(9), 12])
        assert len({before, middle, probe(later)[0].fingerprint}) == 3


class TestABrokenFile:
    def says(self, path: Path) -> str:
        with pytest.raises(InputError) as error:
            probe(path)
        assert "\n" not in str(error.value)
        assert str(error.value).startswith(f"{path}: ")
        return str(error.value)

    def test_that_is_missing_or_a_folder_is_named(self, tmp_path: Path) -> None:
        assert "expected a video file, found nothing there" in self.says(tmp_path / "a.mp4")
        assert "expected a video file, found a folder there" in self.says(tmp_path)

    def test_that_is_empty_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "a.mp4").touch()
        assert "found an empty file (0 bytes); copy it again" in self.says(tmp_path / "a.mp4")

    def test_that_is_text_is_no_video(self, tmp_path: Path) -> None:
        (tmp_path / "a.mp4").write_text("behaviour,start_s,stop_s\n" * 20)
        assert "cannot be opened as one (Invalid data found when processing input)" in self.says(tmp_path / "a.mp4")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.mp4", "ffconcat version 1.0\nfile other.mp4\n"),
            ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.mp4\n"),
            ("a.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
        ],
    )
    def test_that_names_other_files_or_addresses_is_no_video(self, tmp_path: Path, name: str, text: str) -> None:
        write_video(tmp_path / "other.mp4")
        (tmp_path / name).write_text(text)
        assert "expected a video, found a playlist, a picture or another kind of file; export it as MP4" in self.says(tmp_path / name)

    @pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
    def test_that_is_cut_lacks_bytes_at_its_end(self, tmp_path: Path, name: str) -> None:
        path = cut(write_video(tmp_path / name, codec="mjpeg", pixel_format="yuvj420p"), 0.6)
        assert "bytes are missing at its end; copy it again" in self.says(path)

    def test_that_is_cut_behind_its_index_is_found_too(self, tmp_path: Path) -> None:
        path = cut(write_video(tmp_path / "a.mp4", container_options={"movflags": "+faststart"}), 0.6)
        assert "bytes are missing at its end" in self.says(path)

    def test_that_is_cut_and_gave_no_size_is_damaged_after_its_last_whole_frame(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", codec="mjpeg", pixel_format="yuvj420p")
        content = bytearray(path.read_bytes()[: path.stat().st_size // 2])
        content[4:8] = b"\xff\xff\xff\xff"
        path.write_bytes(content)
        assert "damaged after 2 frames (a frame is cut)" in self.says(path)

    def test_whose_time_runs_backwards_is_refused(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", 6, "libvpx", pts=range(0, 60, 10), time_base=Fraction(1, 1000))
        content = path.read_bytes()
        assert content.count(b"\x81\x00\x1e") == 1  # track 1, 30 ms
        path.write_bytes(content.replace(b"\x81\x00\x1e", b"\x81\x00\x05"))
        assert "its time stamps run backwards at frame 3" in self.says(path)

    def test_with_rubbish_for_frames_is_damaged(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4", container_options={"movflags": "+faststart"})
        content = bytearray(path.read_bytes())
        start = content.index(b"mdat") + 4
        content[start:] = bytes([0xFF]) * (len(content) - start)
        path.write_bytes(content)
        assert "damaged after" in self.says(path)
        assert 'ffmpeg -i "' in self.says(path)

    def test_without_a_film_is_no_video(self, tmp_path: Path) -> None:
        with av.open(str(tmp_path / "a.mp4"), "w") as container:
            sound = container.add_stream("aac", rate=44100)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate, frame.pts = 44100, 0
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
        assert "found a file without a video stream" in self.says(tmp_path / "a.mp4")

    def test_without_frames_says_so(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.avi", frames=0, codec="mjpeg", pixel_format="yuvj420p")
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mjpeg", rate=30)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            container.start_encoding()
        assert "found 0 frames in it" in self.says(path)

    def test_whose_time_stands_still_is_refused(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mkv", 6, "mjpeg", "yuvj420p", pts=range(6), time_base=Fraction(1, 1_000_000))
        assert "its time stamps do not advance" in self.says(path)


def turn_by_a_quarter(path: Path) -> Path:
    """Write a quarter turn into the matrix of the track header (ISO/IEC 14496-12, tkhd)."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    content[start : start + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path

"""A thousand random crops: inside the frame, square, of one scale, and every pixel from where the plan says, to a part of a pixel."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.workbench import Workbench
from ethocache.dataset.tracks import Track
from ethocache.dataset.videos import VideoFacts, probe
from ethocache.vision.crop_plan import CropPlan, plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import crop_video
from ethocache.vision.decode import decode_frames, decode_pictures, rows_of
from ethocache.vision.encode import Scaler
from ethocache.vision.pictures import Picture, cut_square

Floats = npt.NDArray[np.float64]
FRAMES = 6  # across, down, coarsely across, coarsely down, across, down
PERIOD_PX, SLOPE = 64, 5.0  # of the fine pattern: levels of grey per pixel
LOWEST = 20.0
LAYOUTS = {(320, 240): "yuv420p", (243, 321): "yuv420p", (640, 360): "yuv444p", (201, 199): "gray"}
BT601 = 6  # AVColorSpace
BODY = np.array([[-1, 0], [0.5, -0.5], [0.5, 0.5], [1, 0]])


def fine(position: Floats) -> Floats:
    """A triangle wave: its slope tells the place within a period to a part of a pixel."""
    return LOWEST + SLOPE * np.abs((position + PERIOD_PX / 4) % PERIOD_PX - PERIOD_PX / 2)


def coarse(position: Floats, length: int) -> Floats:
    """One ramp over the whole frame: it tells which period."""
    return LOWEST + 200 * position / length


@dataclass(frozen=True)
class Film:
    path: Path
    facts: VideoFacts
    time_s: Floats
    pictures: tuple[Picture, ...]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    folder = tmp_path_factory.mktemp("films")
    return [render(folder / f"{width}x{height}.mkv", width, height, layout) for (width, height), layout in LAYOUTS.items()]


def render(path: Path, width: int, height: int, layout: str) -> Film:
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    pictures = [fine(x), fine(y), coarse(x, width), coarse(y, height), fine(x), fine(y)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, layout
        for picture in pictures:
            rgb = np.repeat(np.round(picture).astype(np.uint8)[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=layout)))
        container.mux(stream.encode(None))
    facts, time_s = probe(path)
    return Film(path, facts, time_s, tuple(copied(picture) for picture in decode_pictures(path, facts, time_s)))


def copied(picture: Picture) -> Picture:
    """A picture that outlives the decoder's."""
    return replace(picture, planes=tuple(plane.copy() for plane in picture.planes))


@st.composite
def walks(draw: st.DrawFn, width: int, height: int) -> Track:
    """An animal of any length that jumps from place to place, also to the borders; now and then its nose is not seen."""
    place = st.tuples(st.floats(0, width), st.floats(0, height))
    middle = np.array(draw(st.lists(place, min_size=FRAMES, max_size=FRAMES)))
    points = np.ones((FRAMES, 1, len(BODY), 3), np.float32)
    points[:, 0, :, :2] = np.clip(middle[:, None] + BODY * draw(st.floats(8, 60)), 0, (width, height))
    points[draw(st.lists(st.booleans(), min_size=FRAMES, max_size=FRAMES)), 0, 0, 2] = 0
    return Track(points, ("nose", "left", "right", "tail"), ("",))


def params_of(draw: st.DrawFn) -> CropParams:
    size = 2 * draw(st.integers(24, 60))
    return CropParams(
        size_px=size, quality=0, keyframe_interval=3, min_kept=0, scale=draw(st.floats(0.7, 3)), margin_px=draw(st.integers(10, 30))
    )


def cropped(film: Film, plan: CropPlan, params: CropParams) -> npt.NDArray[np.uint8]:
    with TemporaryDirectory() as folder:
        bench = Workbench(Path(folder) / "output", Path(folder) / "segments")
        bench.output.mkdir()
        bench.segments.mkdir()
        crop_video(film.path, film.facts, film.time_s, plan, params, bench, "key")
        return np.stack(list(decode_frames(bench.output / "crop.mp4")))


def off_by(picture: Floats, frame: int, plan: CropPlan, length: int) -> Floats:
    """How far in px of the frame each pixel is from where the plan says: (places along the pattern, size), its borders left out."""
    down, size = frame % 2, len(picture)
    start, pixels = (plan.top_px, plan.left_px)[1 - down][frame], plan.side_px / size
    place = start + (np.arange(size) + 0.5) * pixels - 0.5
    levels = picture if down else picture.T  # the pattern runs along the first axis
    beside = slice(2, -2)  # at its border a crop knows nothing of the pixels beyond
    if frame in (2, 3):
        return ((levels - coarse(place, length)[:, None]) * length / 200)[beside, beside]
    phase = (place + PERIOD_PX / 4) % PERIOD_PX - PERIOD_PX / 2
    tip = np.minimum(np.abs(phase), PERIOD_PX / 2 - np.abs(phase))
    straight = tip > 2 + 2 * max(pixels, 1)  # further from a tip of the wave than scaling reaches
    return ((levels - fine(place)[:, None]) / SLOPE * np.sign(phase)[:, None])[beside, beside][straight[beside]]


def check(pictures: Iterable[Floats], plan: CropPlan, film: Film) -> list[float]:
    """Assert that every pixel is from where the plan says; return the largest error of each fine pattern that tells, in px of the frame."""
    worst = []
    for frame, picture in enumerate(pictures):
        assert picture.shape == (len(picture), len(picture)), "a square"
        length = film.facts.height if frame % 2 else film.facts.width
        error = off_by(picture, frame, plan, length)
        everywhere, on_average = (8.0, 4.0) if frame in (2, 3) else (0.5, 0.15)  # the coarse ramps need only tell the period
        assert np.abs(error).max(initial=0) < everywhere
        assert not error.size or abs(error.mean()) < on_average or error.shape[0] < 20
        worst += [float(np.abs(error).max())] if error.size and frame not in (2, 3) else []
    return worst


def planned(data: st.DataObject, film: Film) -> tuple[CropPlan, CropParams]:
    width, height = film.facts.width, film.facts.height
    params = params_of(data.draw)
    return plan_crops(data.draw(walks(width, height)), width, height, 25.0, params, frames=FRAMES), params


def test_every_pixel_that_is_cut_and_scaled_comes_from_where_the_plan_says(films: list[Film]) -> None:
    """Run with ``-n 0 -s``, it says the largest error; squares of twice the crop's size and more may be scaled in another way."""
    worst: dict[str, list[float]] = {"below twice the crop's size": [], "from twice the crop's size on": []}

    @given(data=st.data(), number=st.integers(0, len(LAYOUTS) - 1))
    @settings(max_examples=1000, deadline=None)
    def of_a_plan(data: st.DataObject, number: int) -> None:
        film = films[number]
        plan, params = planned(data, film)
        assert plan.left_px.min() >= 0 and plan.left_px.max() + plan.side_px <= film.facts.width
        assert plan.top_px.min() >= 0 and plan.top_px.max() + plan.side_px <= film.facts.height
        scaler = Scaler(params.size_px, params.size_px, BT601)
        luma = []
        for picture, left, top in zip(film.pictures, plan.left_px, plan.top_px, strict=True):
            square = cut_square(picture, int(left), int(top), plan.side_px)
            assert (square.width, square.height) == (plan.side_px, plan.side_px), "square, and of one scale in the whole video"
            scaled = rows_of(scaler.scale(square).planes[0])
            assert scaled.shape == (params.size_px, params.size_px)
            luma.append((scaled.astype(float) - 16) * 255 / 219)
        kind = "from twice the crop's size on" if plan.side_px >= 2 * params.size_px else "below twice the crop's size"
        worst[kind] += check(luma, plan, film)

    of_a_plan()
    for kind, errors in worst.items():
        assert len(errors) >= 400, f"too few of a thousand plans, of four fine patterns each, {kind}"
        print(f"{len(errors)} crops of squares {kind}: the worst pixel is {max(errors):.3f} px of the frame from where it should be")
    assert sum(map(len, worst.values())) > 3400, "nearly every plan is checked to a part of a pixel"


@given(data=st.data(), number=st.integers(0, len(LAYOUTS) - 1))
@settings(max_examples=15, deadline=None)
def test_every_pixel_of_a_crop_file_comes_from_where_the_plan_says(films: list[Film], data: st.DataObject, number: int) -> None:
    film = films[number]
    plan, params = planned(data, film)
    pictures = cropped(film, plan, params)
    assert pictures.shape == (FRAMES, params.size_px, params.size_px, 3)
    check(pictures.mean(axis=3), plan, film)

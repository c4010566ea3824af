"""Draw the demo: an arena with a mouse in it, seen by a camera that hangs above its middle."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.endtoend.demo.body import Body, Points
from ethocache.endtoend.demo.motion import Arena

Image = npt.NDArray[np.float32]  # (H, W), 0 black to 1 white
Frame = npt.NDArray[np.uint8]  # (H, W, 3)

_LENGTHS_ACROSS = 5.2  # body lengths that fit into the width of the picture
_WALL = 0.45  # width of the walls in the picture, body lengths
_CAMERA_HEIGHT = 4.6  # body lengths
_FINER = 2  # the mouse is drawn at this multiple of the resolution, then averaged
_TINT = np.array([1.0, 0.985, 0.955], dtype=np.float32)  # one tint for everything: colour tells nothing


@dataclass(frozen=True)
class Camera:
    """Size of the picture and how the world falls onto it."""

    width: int
    height: int

    @property
    def px_per_length(self) -> float:
        return self.width / _LENGTHS_ACROSS

    @property
    def arena(self) -> Arena:
        tall = self.height / self.px_per_length
        return Arena(_WALL, _WALL, _LENGTHS_ACROSS - _WALL, tall - _WALL)

    def project(self, points: Points) -> tuple[Points, npt.NDArray[np.float64]]:
        """Return (..., 2) picture coordinates in px and the magnification (...,) of points in body lengths.

        What is higher is nearer to the camera: larger, and farther from the picture's centre.
        """
        larger = 1 / (1 - points[..., 2] / _CAMERA_HEIGHT)
        centre = np.array([self.width, self.height]) / 2
        return (points[..., :2] * self.px_per_length - centre) * larger[..., None] + centre, larger


@dataclass(frozen=True)
class Scene:
    """What is the same in every frame of a video."""

    camera: Camera
    floor: Image
    light: tuple[float, float]  # where shadows fall: body lengths per body length of height
    coat: float
    exposure: npt.NDArray[np.float64]  # (T,)


def make_scene(camera: Camera, frames: int, coat: float, rng: np.random.Generator) -> Scene:
    """Choose floor, walls, light and exposure of a video."""
    angle = rng.uniform(0, 2 * np.pi)
    drift = np.cumsum(rng.standard_normal(frames))
    drift = (drift - drift.mean()) / max(1e-9, np.abs(drift - drift.mean()).max())
    strength = rng.uniform(0.35, 0.6)
    return Scene(
        camera=camera,
        floor=_draw_floor(camera, angle, rng),
        light=(strength * np.cos(angle), strength * np.sin(angle)),
        coat=coat,
        exposure=rng.uniform(1.0, 1.25) + 0.03 * drift,
    )


def draw(scene: Scene, body: Body, rng: np.random.Generator) -> Iterator[Frame]:
    """Give every frame of a video."""
    places, larger = scene.camera.project(body.balls)
    radius = body.radius * larger * scene.camera.px_per_length
    for t in range(len(places)):
        picture = scene.floor.copy()
        _cast_shadow(picture, scene, body.balls[t, body.solid], body.radius[t, body.solid])
        _draw_mouse(picture, scene, places[t], body.balls[t, :, 2], radius[t], body.shade)
        picture *= np.float32(scene.exposure[t])
        picture += _noise(picture.shape, rng)
        yield (np.clip(picture, 0, 1)[..., None] * (255 * _TINT) + 0.5).astype(np.uint8)


def _cast_shadow(picture: Image, scene: Scene, centres: Points, radius: npt.NDArray[np.float64]) -> None:
    """Darken the floor under and beside the body; the higher a part, the farther and softer its shadow."""
    scale = scene.camera.px_per_length
    shadow = np.zeros_like(picture)
    for (x, y, z), r in zip(centres, radius, strict=True):
        soft = (0.05 + 0.22 * z) * scale
        across, down = (x + scene.light[0] * z) * scale, (y + scene.light[1] * z) * scale
        window, distance = _window(picture.shape, across, down, r * scale + soft)
        if distance.size:
            np.maximum(shadow[window], np.clip((r * scale + soft - np.sqrt(distance)) / (2 * soft), 0, 1), out=shadow[window])
    picture *= 1 - np.float32(0.42) * shadow * shadow * (3 - 2 * shadow)


def _draw_mouse(
    picture: Image,
    scene: Scene,
    places: Points,
    height: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    shade: npt.NDArray[np.float64],
) -> None:
    """Draw the balls as one surface: of those above a point, the highest is seen."""
    low, high = _box(picture.shape, places, radius)
    size = ((high[1] - low[1]) * _FINER, (high[0] - low[0]) * _FINER)
    surface, albedo = np.full(size, -1e3, np.float32), np.zeros(size, np.float32)
    scale = scene.camera.px_per_length * _FINER
    for (x, y), z, r, bright in zip((places - low) * _FINER - 0.5, height * scale, radius * _FINER, shade, strict=True):
        window, distance = _window(size, x, y, r)
        if not distance.size:
            continue
        top = np.where(distance < r * r, z + np.sqrt(np.maximum(r * r - distance, 0)), -1e3)
        seen = top > surface[window]
        surface[window][seen] = top[seen]
        albedo[window][seen] = bright
    covered = (surface > -1e3).astype(np.float32)
    colour = _coarser(_blurred(np.float32(scene.coat) * albedo * _lit(surface, covered, scene.light) * covered))
    alpha = _coarser(_blurred(covered))
    there = picture[low[1] : high[1], low[0] : high[0]]
    there *= 1 - alpha
    there += colour


def _lit(surface: Image, covered: Image, light: tuple[float, float]) -> Image:
    """Return how bright the surface is: full where it faces the light, dimmer at the flanks."""
    smooth = _blurred(_blurred(np.maximum(surface, np.float32(0))))
    slope_y, slope_x = np.gradient(smooth)
    slope_y, slope_x = np.clip(slope_y, -2, 2), np.clip(slope_x, -2, 2)
    facing: Image = (1 + 0.7 * (light[0] * slope_x + light[1] * slope_y)) / np.sqrt(1 + slope_x**2 + slope_y**2)
    bright: Image = (0.55 + 0.55 * np.clip(facing, 0, 1.2) * covered).astype(np.float32)
    return bright


def _draw_floor(camera: Camera, angle: float, rng: np.random.Generator) -> Image:
    """Draw the empty arena: worn, patchy floor, a gradient of light, and walls of different brightness."""
    y, x = np.mgrid[0 : camera.height, 0 : camera.width] / camera.px_per_length
    floor = 0.52 + 0.10 * _texture(camera, 0.55, rng) + 0.035 * _texture(camera, 0.12, rng) + 0.02 * _texture(camera, 0.03, rng)
    edge = np.minimum(np.minimum(x, x[:, ::-1]), np.minimum(y, y[::-1])) - _WALL
    sides = np.argmin(np.stack([x, x[:, ::-1], y, y[::-1]]), axis=0)
    walls = rng.permutation([0.36, 0.46, 0.58, 0.68])[sides] + 0.03 * _texture(camera, 0.2, rng)
    inside = np.clip(edge * camera.px_per_length + 0.5, 0, 1)
    seam = 1 - 0.25 * np.exp(-((edge / 0.04) ** 2))
    toward = (x - x.mean()) * np.cos(angle) + (y - y.mean()) * np.sin(angle)
    gradient = 1 - 0.28 * toward / np.abs(toward).max()
    arena: Image = ((floor * inside + walls * (1 - inside)) * seam * gradient).astype(np.float32)
    return arena


def _texture(camera: Camera, grain: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return smooth noise (H, W) of standard deviation 1 whose patches are about `grain` body lengths wide."""
    noise = rng.standard_normal((camera.height, camera.width))
    down, across = np.fft.fftfreq(camera.height)[:, None], np.fft.rfftfreq(camera.width)[None]
    width = grain * camera.px_per_length
    smooth: npt.NDArray[np.float64] = np.fft.irfft2(
        np.fft.rfft2(noise) * np.exp(-2 * (np.pi * width) ** 2 * (down**2 + across**2)), s=noise.shape
    )
    smooth -= smooth.mean()
    return smooth / float(smooth.std())


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Image:
    """Return sensor noise, a little correlated between neighbours as in cameras that compress."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise = noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)
    return noise * np.float32(0.006)


def _box(shape: tuple[int, ...], places: Points, radius: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the part of the picture (first x and y, last x and y, px) that the balls can touch."""
    limit = np.array([shape[1], shape[0]])
    low = np.floor((places - radius[:, None]).min(axis=0) - 2).astype(np.int64)
    high = np.ceil((places + radius[:, None]).max(axis=0) + 2).astype(np.int64)
    return np.clip(low, 0, limit), np.clip(high, 0, limit)


def _window(shape: tuple[int, ...], x: float, y: float, reach: float) -> tuple[tuple[slice, slice], Image]:
    """Return the window of a picture around a point, and the squared distance of its pixels from the point."""
    top, bottom = max(0, int(y - reach)), min(shape[0], int(y + reach) + 2)
    left, right = max(0, int(x - reach)), min(shape[1], int(x + reach) + 2)
    rows = np.arange(top, max(top, bottom), dtype=np.float32) - np.float32(y)
    columns = np.arange(left, max(left, right), dtype=np.float32) - np.float32(x)
    return (slice(top, max(top, bottom)), slice(left, max(left, right))), rows[:, None] ** 2 + columns**2


def _blurred(image: Image) -> Image:
    """Return the image through a small binomial filter, the softness of a lens."""
    padded = np.pad(image, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    soft: Image = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16)
    return soft


def _coarser(image: Image) -> Image:
    """Average blocks of `_FINER` x `_FINER` pixels."""
    height, width = image.shape[0] // _FINER, image.shape[1] // _FINER
    blocks: Image = image.reshape(height, _FINER, width, _FINER).mean(axis=(1, 3))
    return blocks

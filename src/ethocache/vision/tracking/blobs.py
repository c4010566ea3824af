"""The largest blob that stands out from the empty scene: how dark or light it is, where it ends, and whether it is alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ethocache.vision.tracking.scene import Image, Scene

Mask = npt.NDArray[np.bool_]
KEY_POINTS = ("centre", "left", "top", "right", "bottom")

_FIRST_LOOK = 0.3  # of the largest difference: a blob of it shows the animal's contrast
_SHALLOWEST = 0.4  # of the contrast: how far the way to the animal counts at least
_NOISY = 6.0  # times the noise: less is none of the animal
_TAIL = 0.06  # of the root of the blob's area: what is thinner than twice that is a tail or a cable


@dataclass(frozen=True, eq=False)
class Look:
    """What an animal looks like against the scene.

    Attributes
    ----------
    at_least
        (rows, columns) grey levels by which each pixel of the animal differs from the scene: a fraction of the way from the
        scene to the animal, so that a dark mouse on a dark patch is not cut in two.
    sign
        1 where it is lighter than the floor, -1 where it is darker.
    contrast
        Grey levels between it and the floor.
    ghost
        How much as strongly differs the other way, relative to the animal: about 0, but 1 where the animal itself is part of
        the background, which then shows where it left.
    thin_px
        How far a blob is worn off, so that tails go, and grown again.
    """

    at_least: Image
    sign: int
    contrast: float
    ghost: float
    thin_px: int


@dataclass(frozen=True, eq=False)
class Blob:
    """What stands out most in one frame, in px of the working picture.

    Attributes
    ----------
    points
        (5, 2) x and y of `KEY_POINTS`: the middle, and where the blob reaches farthest left, up, right and down.
    area
        In pixels.
    second
        How much the next blob stands out relative to this one, the differences of all its pixels added up: 0 where there is none.
    depth
        Mean difference from the scene, in multiples of what is asked for.
    """

    points: npt.NDArray[np.float64]
    area: int
    second: float
    depth: float


def learn_look(scene: Scene, samples: Sequence[Image], polarity: str, threshold: float) -> Look:
    """Find out what differs most from the scene in samples of the whole video, what it looks like, and which way it differs.

    Parameters
    ----------
    polarity
        ``dark``, ``light`` or ``auto``.
    threshold
        Fraction of the way from the scene's brightness to the animal's.
    """
    differences = [scene.difference(sample) for sample in samples]
    contrast = {sign: float(np.median([_contrast(sign * difference, scene.noise) for difference in differences])) for sign in (-1, 1)}
    least = max(threshold * max(contrast.values()), _NOISY * scene.noise)
    sums = {sign: np.median([_weight(sign * difference, least) for difference in differences], axis=0) for sign in (-1, 1)}
    sign = {"dark": -1, "light": 1}.get(polarity) or max(sums, key=lambda sign: float(sums[sign][0]))
    weight, area = sums[sign]
    ghost = float(sums[-sign][0] / weight) if weight else np.inf
    brightness = float(np.median([_brightness(scene, difference, sign, least) for difference in differences]))
    way = np.maximum(sign * (brightness - scene.background), _SHALLOWEST * contrast[sign])
    at_least = np.maximum(threshold * way, _NOISY * scene.noise).astype(np.float32)
    return Look(at_least, sign, contrast[sign], ghost, max(1, round(_TAIL * float(np.sqrt(area)))))


def find_blob(difference: Image, look: Look) -> Blob | None:
    """Return the blob of a frame that stands out most, without its tail; None where nothing stands out."""
    from scipy import ndimage

    depth = look.sign * difference
    labels, count = ndimage.label(depth > look.at_least)
    if not count:
        return None
    weights = np.bincount(labels.ravel(), depth.ravel())[1:]
    largest = int(weights.argmax())
    rows, columns = ndimage.find_objects(labels)[largest]
    body = _without_tail(labels[rows, columns] == largest + 1, look.thin_px)
    y, x = np.nonzero(body)
    second = float(np.partition(weights, -2)[-2] / weights[largest]) if count > 1 else 0.0
    points = _extremes(x + float(columns.start), y + float(rows.start))
    relative = depth[rows, columns][body] / look.at_least[rows, columns][body]
    return Blob(points, len(x), second, float(relative.mean()))


def _brightness(scene: Scene, difference: Image, sign: int, least: float) -> float:
    """Return how dark (or light) the better half of the largest blob is; the scene's own brightness where there is none."""
    body = _largest(sign * difference > least)
    if not body.any():
        return float(np.median(scene.background))
    seen = (scene.background + difference)[body]
    return sign * float(np.percentile(sign * seen, 75))


def _contrast(depth: Image, noise: float) -> float:
    """Return the upper tenth of the largest blob of a first look; 0 where nothing is there but noise."""
    body = _largest(depth > max(_FIRST_LOOK * float(depth.max()), _NOISY * noise))
    return float(np.percentile(depth[body], 90)) if body.any() else 0.0


def _weight(depth: Image, at_least: float) -> tuple[float, float]:
    """Return the sum of the largest blob's differences, and its area."""
    body = _largest(depth > at_least)
    return float(depth[body].sum()), float(body.sum())


def _largest(mask: Mask) -> Mask:
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    largest: Mask = labels == 1 + np.bincount(labels.ravel())[1:].argmax() if count else mask
    return largest


def _without_tail(body: Mask, thin_px: int) -> Mask:
    """Wear the blob off and grow it again, and keep its largest part; all of it where nothing would be left."""
    from scipy import ndimage

    padded = np.pad(body, thin_px)
    opened = ndimage.binary_opening(padded, iterations=thin_px)
    inner = slice(thin_px, -thin_px)
    return _largest(opened)[inner, inner] if opened.any() else body


def _extremes(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    places = (x.argmin(), y.argmin(), x.argmax(), y.argmax())
    return np.array([(x.mean(), y.mean()), *((x[place], y[place]) for place in places)])

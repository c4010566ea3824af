"""The settings of networks that look at movement instead of colour; importing them loads no network."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pydantic import Field

from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import Context, Embedder, TimmSettings

FlowMethod = Literal["dis", "dis_fast", "farneback"]
_OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")


class FlowSettings(TimmSettings):
    """Optical flow, as pictures, through an image network of timm.

    Attributes
    ----------
    method
        How flow is measured: ``dis``, ``dis_fast`` (less smooth, four times as quick) or ``farneback``.
    stack
        Flows that the network sees at once. They lie around the frame: 1 is the movement into it, 2 into and out of it.
    clip_px
        Pixels of the crop per frame that count as full movement; faster is cut to it.
    first_layer
        Which kernels of the network's first layer see which channel. ``colours``: the horizontal flow is taken for red, the
        vertical one for green, its length for blue. ``average``: horizontal and vertical both get the mean of the three kernels,
        so that a frozen network cannot tell them apart.
    """

    kind: Literal["flow"] = "flow"
    method: FlowMethod = "dis"
    stack: int = Field(default=2, ge=1, le=64)
    clip_px: float = Field(default=8.0, gt=0, le=1000)
    first_layer: Literal["colours", "average"] = "colours"

    @property
    def context(self) -> Context:
        """The frames around a batch that its flows are measured from."""
        return Context((self.stack - 1) // 2 + 1, self.stack // 2)

    def source(self) -> dict[str, Any]:
        """Return what tells that the weights are the same, and OpenCV's version, which decides the flow."""
        return super().source() | {"opencv": opencv_version()}

    def build(self, run: Run | None = None) -> Embedder:
        """Load the network with its weights.

        Raises
        ------
        InputError
            If timm has no such model, it gives no features or looks at no colours, or the weights cannot be had or do not fit.
        """
        from ethocache.vision.backbones.flow import FlowEmbedder

        return FlowEmbedder(self, run)


def opencv_version() -> str:
    """Return the version of the OpenCV that is installed, without loading it."""
    for name in _OPENCV:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"

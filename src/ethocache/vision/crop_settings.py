"""What can be set about crops."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section, parse_section

LIKELIHOOD = 0.6  # from which key points are used where neither the setting nor the track says
GATES = frozenset({"min_kept", "longest_gap_s", "max_step"})  # they refuse a crop, and change no pixel of it
SEGMENT_FRAMES = 1000  # about; a kill costs at most this many frames


class CropParams(Section):
    """The section ``crop`` of params.yaml.

    Attributes
    ----------
    likelihood
        Key points below this likelihood are not used. It is not calibrated between DeepLabCut models, so None takes the
        ``pcutoff`` of the track's source, where that is known, else .6.
    min_kept
        Stop when less than this fraction of key points is left.
    longest_gap_s
        Stop when the animal is lost for longer, in seconds. Real tracks of an open field lost it for up to 2.6 s.
    max_step
        Stop when the animal's middle moves farther than this from one frame to the next, in sides of the crop. Real and rendered
        mice made up to .14, at 10 frames/s; a track that hops to a reflection or another animal makes 1 and more.
    scale
        Side of the square = scale x 95th percentile of the long side of the key points' box.
    margin_px
        Added on each side, in pixels of the video.
    size_px
        Width and height of the crop video in pixels, even.
    quality
        x264's constant rate factor, 0 (lossless) to 51. At 256 px on a real open-field video, 8 gives 4.5 kB per frame and
        a median cosine of .990 between efficientnet_lite0's embeddings of raw and encoded crops; neighbouring frames have .976.
    max_gap_s
        A key point that is gone for longer is not interpolated, in seconds.
    keyframe_interval
        Frames from one key frame to the next: small is quick random access, large is small files.
    points
        Names of the key points that count; none named means all.
    individual
        Which animal of a track of several is followed; None takes the box around all of them.
    views
        Camera -> settings that its crops want otherwise, where several film a session (`DataParams.views`).
    """

    likelihood: float | None = Field(None, ge=0, le=1)
    min_kept: float = Field(0.3, ge=0, le=1)
    longest_gap_s: float = Field(30.0, ge=0)
    max_step: float = Field(1.0, gt=0)
    scale: float = Field(2.0, gt=0)
    margin_px: int = Field(0, ge=0)
    size_px: int = Field(256, ge=32, le=4096)
    quality: float = Field(8, ge=0, le=51)
    max_gap_s: float = Field(1.0, ge=0)
    keyframe_interval: int = Field(30, ge=1, le=1000)
    points: tuple[str, ...] = ()
    individual: str | None = None
    views: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @field_validator("views", mode="before")
    @classmethod
    def _named_as_text(cls, views: Any) -> Any:
        return {str(view): settings for view, settings in views.items()} if isinstance(views, dict) else views

    @model_validator(mode="after")
    def _views_are_settings(self) -> Self:
        for view in self.views:
            try:
                self.of_view(view)
            except InputError as error:
                raise ValueError(str(error)) from None
        return self

    @field_validator("size_px")
    @classmethod
    def _even(cls, size_px: int) -> int:
        if size_px % 2:
            raise ValueError("expected an even number of pixels")
        return size_px

    def trusted(self, pcutoff: float | None) -> float:
        """Return the likelihood from which key points are used, for a track whose source has this `Track.pcutoff`."""
        if self.likelihood is not None:
            return self.likelihood
        return LIKELIHOOD if pcutoff is None else pcutoff

    def following(self, individual: str) -> "CropParams":
        """Return the same for one animal of several; without a name, as it is."""
        return self.model_copy(update={"individual": individual}) if individual else self

    def of_view(self, view: str) -> "CropParams":
        """Return the settings of one camera's crops."""
        if view not in self.views:
            return self
        return parse_section({**self.model_dump(exclude={"views"}), **self.views[view]}, CropParams, f"views.{view}")

    def check_views(self, known: Iterable[str]) -> None:
        """Raise `InputError` where `views` names a camera that no video is of."""
        there = sorted(set(known) - {""})
        if unknown := [view for view in self.views if view not in there]:
            found = f"there are: {', '.join(there)}" if there else "there is one view only (data.views)"
            raise InputError(f"crop.views: '{unknown[0]}' is no view{did_you_mean(unknown[0], there)}; {found}")

    @property
    def segment_frames(self) -> int:
        """Frames of one segment: whole groups between key frames."""
        return max(1, SEGMENT_FRAMES // self.keyframe_interval) * self.keyframe_interval

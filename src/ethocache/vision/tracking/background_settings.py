"""What can be set about tracking by background subtraction."""

from typing import Literal

from pydantic import Field

from ethocache.common.params import Section


class BackgroundParams(Section):
    """The section ``track.background`` of params.yaml, used where ``track.source`` is ``background``.

    The defaults were chosen on one real open-field video (a black mouse on a light floor, 640x480, 30 frames/s) and on
    rendered mice of several coats, with shadows, dimming light and inverted colours. They are no more than that: look at the
    contact sheets of your own videos (``ethocache tracks check``).

    Attributes
    ----------
    polarity
        Whether the animal is darker than the floor or lighter; ``auto`` finds out for each video.
    threshold
        A pixel belongs to the animal when it is this fraction of the way from the background's brightness to the animal's. On
        the real video the centre was 4.3 to 5.9 px from DeepLabCut's (median) for .4 to .7, and 11 px for .3, where shadows and
        reflections join the animal; at .7 a rendered mouse as dark as patches of its floor fell to pieces.
    min_contrast
        Stop when the animal differs from the floor by fewer grey levels (of 255). The real mouse has 110 to 180, noise 1.
    min_clear
        Stop when fewer frames (fraction) show one clear animal.
    max_step
        Stop when the animal's middle jumps farther than this from one frame to the next in more than 1 frame of 200; in body
        lengths. The real mouse makes .1 at 30 frames/s.
    """

    polarity: Literal["auto", "dark", "light"] = "auto"
    threshold: float = Field(0.5, gt=0, lt=1)
    min_contrast: float = Field(15, gt=0, le=255)
    min_clear: float = Field(0.9, ge=0, le=1)
    max_step: float = Field(1.0, gt=0)

"""How data/tiny_deeplabcut was made: DeepLabCut's own model and losses, trained on rendered frames (12 minutes of one core).

    OMP_NUM_THREADS=1 PYTHONPATH=tests python tests/vision/make_tiny_deeplabcut.py

The network is timm's test_resnet, the smallest there is, from random weights; they are kept as float16, 0.8 MB. On
frames of another mouse the median error is 1.4 px, where the mouse is 31 px long.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import yaml
from rendered import KEY_POINTS, rendered_mouse

PROJECT = Path(__file__).parent / "data/tiny_deeplabcut"
TRAIN = PROJECT / "dlc-models-pytorch/iteration-0/renderedJan1-trainset95shuffle1/train"
MICE, FRAMES, STEPS, BATCH = 40, 60, 3000, 32


def main() -> None:
    from deeplabcut.pose_estimation_pytorch.models import PoseModel

    torch.manual_seed(0)
    config = yaml.safe_load((TRAIN / "pytorch_config.yaml").read_text())
    model = PoseModel.build(config["model"])
    images, points = frames_and_points()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    rng = np.random.default_rng(0)
    for step in range(STEPS):
        chosen = rng.integers(len(images), size=BATCH)
        outputs = model(as_input(images[chosen]))
        targets = model.get_target(outputs, {"keypoints": as_annotations(points[chosen])})
        loss = model.get_loss(outputs, targets)["total_loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % 100 == 0:
            print(step, f"{loss.item():.5f}", flush=True)
    weights = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()}
    torch.save({"model": weights, "metadata": {"epoch": 100, "metrics": {}, "losses": {}}}, TRAIN / "snapshot-best-100.pt")


def frames_and_points() -> tuple[np.ndarray, np.ndarray]:
    """Frames (N, H, W, 3) uint8 and their points (N, 5, 2), half a second apart."""
    images, points = [], []
    for mouse in range(MICE):
        frames, truth = rendered_mouse(1000 + mouse, FRAMES, fps=2.0)
        images += list(frames)
        points += list(truth)
    return np.stack(images), np.stack(points)


def as_input(images: np.ndarray) -> torch.Tensor:
    """As `pytorch_config.yaml` asks for in inference: ImageNet's mean and standard deviation."""
    scaled = (images.astype(np.float32) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)


def as_annotations(points: np.ndarray) -> torch.Tensor:
    """(N, 1, 5, 3) with visibility 2 (seen)."""
    return torch.from_numpy(np.concatenate([points, np.full((*points.shape[:2], 1), 2.0)], axis=2)[:, None].astype(np.float32))


if __name__ == "__main__":
    assert len(KEY_POINTS) == 5
    sys.exit(main())

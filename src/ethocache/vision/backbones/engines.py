"""Engines: what a frozen network computes, with torch as it is, with torch's compiler, or with OpenVINO."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import torch
from torch import Tensor, nn

from ethocache.common.errors import InputError
from ethocache.vision.backbones.openvino_engine import OpenVinoEngine, answers_alike
from ethocache.vision.backbones.running import Run, has_openvino

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}


class Engine(Protocol):
    """A network that is ready: inputs (N, ...) -> vectors (N, D) float32 on the processor."""

    at_once: int
    """Calls that may run at the same time, from as many threads, with a gain."""

    def __call__(self, inputs: Tensor) -> Tensor: ...


def exact_convolutions() -> AbstractContextManager[None]:
    """Return a context in which convolutions of graphics cards neither round to TF32 nor choose among algorithms by their speed."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    return flags


class Frozen(nn.Module):
    """Inputs -> vectors: a network with what is done before and after it.

    Parameters
    ----------
    network
        Holds the weights.
    pool
        Inputs -> vectors, through the network; None is the network itself.
    mean, std
        If given, inputs are pictures (N, 3, H, W) of 0 to 255, which are normalised by these (of 0 to 1).
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        network: nn.Module,
        pool: Callable[[Tensor], Tensor] | None = None,
        mean: tuple[float, ...] = (),
        std: tuple[float, ...] = (),
    ) -> None:
        super().__init__()
        self.network, self._pool, self._pictures = network, pool or network, bool(mean)
        self.dtype = torch.float32
        if mean:
            self.register_buffer("mean", 255 * torch.tensor(mean).view(3, 1, 1), persistent=False)
            self.register_buffer("scale", 1 / (255 * torch.tensor(std).view(3, 1, 1)), persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        return self._pool(self.normal(inputs).to(self.dtype)).float()

    def normal(self, inputs: Tensor) -> Tensor:
        """Return what the network sees, before it is rounded to its precision."""
        return (inputs.float() - self.mean) * self.scale if self._pictures else inputs

    def ready(self, device: str, precision: str, dimensions: int) -> "Frozen":
        """Move to a device and a precision; the arithmetic before the network stays in float32."""
        self.dtype = DTYPES[precision]
        self.to(device)
        self.network.to(self.dtype).to(memory_format=_LAYOUTS.get(dimensions, torch.contiguous_format))
        return self


def make_engine(network: Frozen, example: Tensor, run: Run) -> Engine:
    """Return a network that is ready to run.

    Parameters
    ----------
    example
        One input (1, ...), of the shape and type that all will have.
    """
    if run.engine == "openvino":
        return OpenVinoEngine(network, example, run.precision)
    return TorchEngine(network, example, run)


def engines_of(network: Frozen, example: Tensor) -> list[str]:
    """Return the names of the engines whose answers, in float32, are those of torch; what is not installed is not among them."""
    return ["torch", "compile", *(["openvino"] if has_openvino() and answers_alike(network, example) else [])]


class TorchEngine:
    """Torch, as it is or compiled."""

    at_once = 1

    def __init__(self, network: Frozen, example: Tensor, run: Run) -> None:
        self._run, self._layout = run, _LAYOUTS.get(example.ndim, torch.contiguous_format)
        self.network = network.ready(run.device, run.precision, example.ndim)
        self._answer: Callable[[Tensor], Tensor] = self.network
        if run.engine == "compile":
            self._answer = Compiled(self.network)

    @torch.inference_mode()
    def __call__(self, inputs: Tensor) -> Tensor:
        try:
            with exact_convolutions():
                return self._answer(self._moved(inputs)).cpu()
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"{len(inputs)} inputs at once need more memory than the {self._run.device} has free: lower extract.batch_size"
            ) from error

    def _moved(self, inputs: Tensor) -> Tensor:
        """Bytes go to the device as they are, from memory that it can fetch them from itself."""
        if self._run.device == "cuda" and inputs.device.type == "cpu":
            inputs = inputs.pin_memory()
        return inputs.to(self._run.device, non_blocking=True).contiguous(memory_format=self._layout)


class Compiled:
    """A network through torch's compiler, which compiles anew for every size: so fewer inputs than the first time are filled up.

    Raises
    ------
    InputError
        If the compiler cannot do it, as where there is no C++ compiler.
    """

    def __init__(self, network: nn.Module) -> None:
        self._compiled: Callable[[Tensor], Tensor] = torch.compile(network, dynamic=False)
        self._size = 0

    def __call__(self, inputs: Tensor) -> Tensor:
        self._size = max(self._size, len(inputs))
        missing = self._size - len(inputs)
        filled = torch.cat([inputs, inputs[-1:].expand(missing, *inputs.shape[1:])]) if missing else inputs
        try:
            return self._compiled(filled)[: len(inputs)]
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"extract.engine: torch's compiler cannot be used here ({reason}): take auto or torch") from error

"""How a network runs: with which engine, at which precision, and on what. Importing this loads no library."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from ethocache.common.compute import CLUSTER_DEVICE, Device, device
from ethocache.common.errors import InputError

Engine = Literal["torch", "compile", "openvino"]
Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Run:
    """How one network runs; decided once, before any work is handed out.

    Attributes
    ----------
    engine
        ``torch`` as it is, ``compile`` (its compiler) or ``openvino`` (Intel's, for processors).
    precision
        Of the arithmetic; features are kept as float16 whatever it is.
    device
        What computes.
    """

    engine: Engine = "torch"
    precision: Precision = "fp32"
    device: Device = "cpu"

    def __post_init__(self) -> None:
        if self.engine == "openvino" and self.device != "cpu":
            raise ValueError(f"OpenVINO runs on processors here, not on {self.device}")


@dataclass(frozen=True)
class Machine:
    """What a machine can do.

    Attributes
    ----------
    device
        The quickest that it has.
    openvino
        Whether OpenVINO is installed.
    bf16
        Whether the processor has instructions for bfloat16; where it has none, bfloat16 is slower than float32.
    compiler
        Whether torch can compile for its graphics card.
    """

    device: Device
    openvino: bool
    bf16: bool
    compiler: bool


def this_machine() -> Machine:
    """Return what this machine can do."""
    found = device()
    return Machine(found, has_openvino(), _has_bf16(), found == "cuda" and find_spec("triton") is not None)


def has_openvino() -> bool:
    """Return whether OpenVINO is installed."""
    return find_spec("openvino") is not None


def choose_run(engine: str, precision: str, description: Mapping[str, Any], machine: Machine) -> Run:
    """Return how a network runs on a machine.

    ``auto`` takes the quickest engine that answers as torch does, and half precision where that is quick: what it does to features
    (``benchmarks/extract.py`` measures it) is far less than what one frame does to the next, also in EfficientNet, whose depthwise
    convolutions suffer most.

    Parameters
    ----------
    engine, precision
        As in params.yaml.
    description
        Of the network: which ``engines`` answer as torch does.

    Raises
    ------
    InputError
        If what was asked for cannot be had.
    """
    if not description["engines"]:
        return Run()  # a toy that is no network
    chosen = _engine(engine, description, machine)
    device = "cpu" if chosen == "openvino" else machine.device
    if precision == "auto":
        return Run(chosen, _precision(device, machine.bf16), device)
    _check_precision(precision, chosen, device, machine)
    return Run(chosen, precision, device)  # type: ignore[arg-type]


def check_run(run: Run, machine: Machine) -> None:
    """Raise `InputError` if a machine cannot run a network as another one decided: its numbers would not be what they are called."""
    lacks = {
        "OpenVINO": run.engine == "openvino" and not machine.openvino,
        "triton": run.engine == "compile" and run.device == "cuda" and not machine.compiler,
        f"a device of kind {run.device}": run.device not in ("cpu", machine.device),
        "instructions for bf16": run.engine == "openvino" and run.precision == "bf16" and not machine.bf16,
    }
    if missing := [what for what, lacking in lacks.items() if lacking]:
        raise InputError(
            f"a worker lacks {' and '.join(missing)}, on which the machine that handed out the work counts: take workers of one kind, "
            f"or name there what all have (extract.engine and extract.precision; for the device {CLUSTER_DEVICE})"
        )


def _engine(wanted: str, description: Mapping[str, Any], machine: Machine) -> Engine:
    converts = "openvino" in description["engines"]
    if wanted == "openvino" and not machine.openvino:
        raise InputError("extract.engine: openvino is not installed: run `pip install openvino`, or take auto or torch")
    if wanted == "openvino" and not converts:
        raise InputError("extract.engine: OpenVINO does not answer as torch does for this network: take auto or torch")
    if wanted == "compile" and machine.device == "cuda" and not machine.compiler:
        raise InputError("extract.engine: compile needs triton for this graphics card: run `pip install triton`, or take auto or torch")
    if wanted != "auto":
        return wanted  # type: ignore[return-value]
    if machine.device == "cuda" and machine.compiler:
        return "compile"
    return "openvino" if machine.device == "cpu" and machine.openvino and converts else "torch"


def _precision(device: Device, bf16: bool) -> Precision:
    if device == "cuda":
        return "fp16"
    return "bf16" if device == "cpu" and bf16 else "fp32"


def _check_precision(wanted: str, engine: Engine, device: Device, machine: Machine) -> None:
    if wanted == "fp16" and device == "cpu":
        raise InputError("extract.precision: fp16 is for graphics cards: take auto, bf16 or fp32")
    if wanted == "bf16" and engine == "openvino" and not machine.bf16:
        raise InputError("extract.precision: this processor has no instructions for bf16: take auto or fp32")


def _has_bf16() -> bool:
    import torch

    on_x86 = platform.machine().lower() in ("x86_64", "amd64")
    supported = torch.cpu._is_avx512_bf16_supported if on_x86 else torch.ops.mkldnn._is_mkldnn_bf16_supported  # which on x86 means AVX-512
    return bool(supported())

"""OpenVINO: Intel's engine for networks on processors.

Each request holds a few inputs and runs on one thread, and there are requests for all threads. So no thread waits for another
within a network, and the numbers do not depend on how many threads there are.
"""

import sys
import warnings
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

_PICTURES_EACH = 4  # in a request; as quick per picture as 16, and small enough that all threads end together
_PRECISIONS = {"fp32": "f32", "bf16": "bf16"}
_TOLERANCE = 1e-3  # of the largest value


class OpenVinoEngine:
    """A network in OpenVINO: inputs (N, ...) -> vectors (N, D) float32. Two threads may call it at once.

    Parameters
    ----------
    network
        In torch, on the processor, in float32.
    example
        One input (1, ...): of still pictures (N, C, H, W) several go into a request, of clips one.
    precision
        fp32 or bf16.
    """

    at_once = 2

    def __init__(self, network: nn.Module, example: Tensor, precision: str) -> None:
        import openvino

        self._each = _PICTURES_EACH if example.ndim == 4 else 1
        threads = torch.get_num_threads()
        model = _converted(network, example)
        model.reshape([self._each, *example.shape[1:]])
        settings = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[precision],
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
        }
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        self._free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(2 * threads):
            self._free.put(compiled.create_infer_request())

    def __call__(self, inputs: Tensor) -> Tensor:
        pieces = self._pieces(inputs)
        answers: list[npt.NDArray[np.float32]] = []
        running: list[Any] = []  # oldest first
        try:
            for piece in pieces:
                running.append(self._next(running, answers))
                running[-1].start_async({0: piece}, share_inputs=True)
            while running:
                self._free.put(self._finish(running, answers))
        finally:
            for request in running:  # only after an error, which each of them may raise again
                with suppress(RuntimeError):
                    request.wait()
                self._free.put(request)
        return torch.from_numpy(np.concatenate(answers)[: len(inputs)])

    def _pieces(self, inputs: Tensor) -> list[npt.NDArray[Any]]:
        """Return the inputs, as many as go into a request at a time; the last is filled up with its last input."""
        values = inputs.numpy()
        if missing := -len(values) % self._each:
            values = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        return [np.ascontiguousarray(values[first : first + self._each]) for first in range(0, len(values), self._each)]

    def _next(self, running: list[Any], answers: list[npt.NDArray[np.float32]]) -> Any:
        """Return a request that is free: whoever has some running waits for the own, so that no two wait for each other."""
        try:
            return self._free.get_nowait()
        except Empty:
            return self._finish(running, answers) if running else self._free.get()

    def _finish(self, running: list[Any], answers: list[npt.NDArray[np.float32]]) -> Any:
        """Wait for the oldest request that runs, take its answer, and return it; it stays among those that run if it failed."""
        running[0].wait()
        answers.append(running[0].get_output_tensor(0).data.copy())
        return running.pop(0)


def answers_alike(network: nn.Module, example: Tensor) -> bool:
    """Return whether OpenVINO can run a network, and says in float32 what torch says."""
    several = (_PICTURES_EACH + 1, *example.shape[1:])  # more than go into a request, so that no place may stand for another
    noise = torch.rand(several, generator=torch.Generator().manual_seed(0))
    noise = (255 * noise).to(torch.uint8) if example.dtype == torch.uint8 else noise
    with torch.inference_mode():
        expected = network(noise)
    try:
        found = OpenVinoEngine(network, example, "fp32")(noise)
    except MemoryError:
        raise
    except Exception as error:  # what it cannot convert it says with errors of every kind, and torch can run it all the same
        reason = " ".join(str(error).split())[:200]
        print(f"note: OpenVINO cannot run this network ({reason}); torch runs it, more slowly", file=sys.stderr)
        return False
    return found.shape == expected.shape and bool((found - expected).abs().max() <= _TOLERANCE * expected.abs().max())


def _converted(network: nn.Module, example: Tensor) -> Any:
    import openvino

    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it traces with what torch calls old, and tracing warns of every size that becomes fixed
        return openvino.convert_model(network, example_input=example)

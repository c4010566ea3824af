"""Rendered videos of a mouse in an open field, with tracks and labels, to try everything on."""

from ethocache.endtoend.demo.write import write_demo

__all__ = ["write_demo"]

"""Make a project folder of a lab's own, filled in from the files that are there."""

from ethocache.endtoend.new_project.make import make_project

__all__ = ["make_project"]

"""What holds for all tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests: left for the end, one worker would run them while the other has nothing to do."""
    items.sort(key=lambda item: item.path.name != "test_end_to_end.py")

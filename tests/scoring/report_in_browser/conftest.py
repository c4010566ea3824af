"""A browser for all tests of a worker, and a reader with an empty one for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsers import a_browser, a_reader
from numbered import CONSTANT_MS
from report_pages import write_numbered_media, write_page
from report_reading import mouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def reader(browser: "Browser") -> Iterator["BrowserContext"]:
    with a_reader(browser) as context:
        yield context


@pytest.fixture
def opened(reader: "BrowserContext", tmp_path: Path) -> Callable[..., "Page"]:
    """Open a page, and wait until its first picture is there."""

    def opened(told: dict[str, Any], slug: str = "m1") -> "Page":
        page = reader.new_page()
        page.goto(write_page(tmp_path, told, slug).as_uri())
        if told["media"]:
            page.wait_for_selector("video[data-shown='0']")
        return page

    return opened


@pytest.fixture
def filmed(opened: Callable[..., "Page"], tmp_path: Path) -> Callable[..., "Page"]:
    """Open a page with a film whose frames lie at these times."""

    def filmed(times_ms: list[int] = CONSTANT_MS, **more: Any) -> "Page":
        return opened(mouse(times_ms, media=write_numbered_media(tmp_path, times_ms), **more))

    return filmed

"""A real browser for tests: Debian's chromium without a window, in which nothing but the files of a page may be asked for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

DEMANDED = "ETHOCACHE_CI_BROWSER"
"""The environment variable with which a missing browser fails the tests rather than skips them."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    "--allow-file-access-from-files",  # else a test could not read the pixels of a video from a file
)
_OWN = ("file:", "data:", "blob:")


@contextmanager
def a_browser() -> Iterator["Browser"]:
    """Start chromium; without one the tests are skipped, or fail where `DEMANDED` is set."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        _without("no chromium on this machine")
    if find_spec("playwright") is None:
        _without("no playwright in this environment")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


def _without(what: str) -> NoReturn:
    if os.environ.get(DEMANDED):
        pytest.fail(f"{what}, and {DEMANDED} demands that the report is tested in one")
    pytest.skip(f"{what}: pages of the report are tested in a real browser")


@contextmanager
def a_reader(
    browser: "Browser", width: int = 1280, height: int = 800, forgiven: str = "\n", **settings: object
) -> Iterator["BrowserContext"]:
    """Somebody with an empty browser; whatever their pages ask for or complain of beyond their files fails the test."""
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    strange: list[str] = []
    context.on("request", lambda request: strange.append(request.url) if not request.url.startswith(_OWN) else None)
    context.on("weberror", lambda error: strange.append(str(error.error)))
    context.on("console", lambda message: strange.append(message.text) if message.type in ("error", "warning") else None)
    yield context
    context.close()
    assert [said for said in strange if forgiven not in said] == []

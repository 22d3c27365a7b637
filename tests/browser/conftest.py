"""Chromium at a whole installation. Without one installed, these tests are skipped."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.instance import Instance

AXE = "axe-core@4.14.1"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1280,1400", "--lang=en",
)  # fmt: skip


class Window:
    """A browser window that a person uses by keyboard."""

    def __init__(self, driver: webdriver.Chrome, base: str) -> None:
        self.driver, self.base = driver, base

    def open(self, path: str) -> Window:
        self.driver.get(path if path.startswith("http") else self.base + path)
        return self

    @property
    def url(self) -> str:
        return str(self.driver.current_url)

    @property
    def words(self) -> str:
        """What the page says; nothing while it is being replaced."""
        try:
            return str(self.driver.find_element("tag name", "body").text)
        except (NoSuchElementException, StaleElementReferenceException):
            return ""

    def find(self, css: str) -> list[WebElement]:
        return list(self.driver.find_elements("css selector", css))

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, css: str) -> WebElement:
        """Press Tab until this has the focus; fails where the keyboard never gets."""
        for _ in range(150):
            self.press(Keys.TAB)
            focused = self.driver.switch_to.active_element
            if self.driver.execute_script(
                "return arguments[0].matches(arguments[1])", focused, css
            ):
                return focused
        pytest.fail(f"no way to {css} by keyboard on {self.url}: {self.words[:600]}")

    def type(self, css: str, text: str) -> None:
        self.tab_to(css)
        self.press(text)

    def enter(self, css: str, key: str = Keys.ENTER) -> None:
        """Follow a link or press a button, and wait for the page that comes."""
        self.tab_to(css)
        before = self.driver.find_element("tag name", "html")
        self.press(key)
        self.until(lambda: _is_gone(before), f"the page behind {css}", 15)
        self.until(self._is_whole, f"all of the page behind {css}", 15)

    def _is_whole(self) -> bool:
        try:
            state = self.driver.execute_script("return document.readyState")
        except WebDriverException:
            return False  # it is being replaced
        return bool(state == "complete")

    def until(
        self, there: Callable[[], Any], what: str = "it", seconds: float = 90
    ) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := there():
                return found
            time.sleep(0.1)
        pytest.fail(f"waited in vain for {what} at {self.url}: {self.words[:800]}")

    def complaints(self) -> list[str]:
        """What the console said that it should not: refusals of the CSP, errors."""
        said = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(entry["message"]) for entry in said if entry["level"] == "SEVERE"]


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        # Asked just while the page is replaced, the driver has no better name for it.
        if "does not belong to the document" in str(error.msg):
            return True
        raise
    return False


type Open = Callable[..., Window]


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One installation for all of these tests."""
    folder = tmp_path_factory.mktemp("installation")
    running = Instance(folder / ".local", folder / "up.log")
    yield running
    running.destroy()


@pytest.fixture
def window(instance: Instance, tmp_path: Path) -> Iterator[Open]:
    """``window(dark=True)`` opens a browser of its own, without anybody's cookies."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver (Debian's packages) are not installed")
    opened: list[webdriver.Chrome] = []

    def open_one(*, dark: bool = False, javascript: bool = True) -> Window:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--user-data-dir={tmp_path}/profile-{len(opened)}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not javascript:
            blocked = {"profile.managed_default_content_settings.javascript": 2}
            options.add_experimental_option("prefs", blocked)
        service = webdriver.ChromeService(executable_path=driver)
        chrome = webdriver.Chrome(options=options, service=service)
        opened.append(chrome)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        return Window(chrome, instance.base)

    yield open_one
    for chrome in opened:
        chrome.quit()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, the judge of accessibility, from the npm registry."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("npm, which brings axe-core, is not installed")
    packed = subprocess.run(
        [npm, "pack", AXE], cwd=folder, capture_output=True, check=False, timeout=120
    )
    found = list(folder.glob("*.tgz"))
    if packed.returncode or not found:
        pytest.skip(f"npm could not bring {AXE}")
    with tarfile.open(found[0]) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()

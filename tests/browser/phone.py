"""Debian's Chromium as a phone, or as a screen on a desk, without a display."""

import base64
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.web.peer import until

PHONE = (390, 844)
DESK = (1440, 900)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


AUDIT = (Path(__file__).parent / "audit.js").read_text()
"""Answers what a person with weak sight or a large thumb would stumble over."""


class Phone:
    """One browser window of ``size`` CSS pixels; everything it wrote is gone afterwards."""

    def __init__(self, size: tuple[int, int] = PHONE, *, dark: bool = False, scale: float = 2.0) -> None:
        self._profile = tempfile.mkdtemp(prefix="page-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(10)
        self._cdp(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=scale,
            mobile=size[0] < 600,
        )
        self._cdp(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )

    def _cdp(self, command: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)

    def get(self, url: str) -> None:
        self.driver.get(url)

    def js(self, expression: str) -> Any:
        return self.driver.execute_script(f"return {expression}")

    def until(self, expression: str, timeout: float = 10.0) -> Any:
        """Wait until a script expression is true."""
        return until(lambda: self.js(expression), expression, timeout)

    def text(self, selector: str) -> str:
        """The visible text of the first match, "" when there is none."""
        return str(self.js(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def press(self, selector: str) -> None:
        """A press as a person makes it: scrolled to, and refused when something covers the button."""
        button = self.driver.find_element("css selector", selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def complaints(self) -> list[str]:
        """What the browser's console said of errors: broken scripts, refused by CSP."""
        log: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def picture(self, path: Path) -> None:
        shot = self._cdp("Page.captureScreenshot", format="png", captureBeyondViewport=False)
        path.write_bytes(base64.b64decode(shot["data"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)


def says(phone: Phone, selector: str, words: str) -> Callable[[], bool]:
    """Whether the words are in sight there by now, for `until`."""
    return lambda: words in phone.text(selector)

"""Debian's Chromium as a phone, or as a screen on a desk, without a display."""

import base64
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import axe_core_python
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.web.peer import until
from tests.web.process import PASSES

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


HERE = Path(__file__).parent
AUDIT = (HERE / "audit.js").read_text()
"""Answers what a person with a large thumb would stumble over; see ``Phone.audit``."""
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: arguments[0], resultTypes: ["violations"] }).then(
  (found) => done(found.violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target.join(" ")}: ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help}`))),
  (e) => done([`axe: ${e}`]),
);
"""


class Phone:
    """One browser window of ``size`` CSS pixels; everything it wrote is gone afterwards."""

    def __init__(self, size: tuple[int, int] = PHONE, *, dark: bool = False, scale: float = 2.0) -> None:
        self._pass = ""
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
        """Open it; a page that the test runs knows the phone as an admin's."""
        name, cookie = PASSES.get("/".join(url.split("/")[:3]), ("", ""))
        if cookie and cookie != self._pass:
            self._pass = cookie
            self.sign_in(url, name, cookie)
        self.driver.get(url)

    def forget(self) -> None:
        """Be a stranger from here on."""
        self._cdp("Network.clearBrowserCookies")

    def sign_in(self, url: str, name: str, cookie: str) -> None:
        self._cdp("Network.setCookie", url=url, name=name, value=cookie, httpOnly=True, sameSite="Lax")

    def without_worker(self) -> None:
        """From now on everything comes from the server: a worker's answers do not say how small they were sent."""
        self._cdp("Network.enable")
        self._cdp("Network.setBypassServiceWorker", bypass=True)

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

    def audit(self) -> list[str]:
        """What WCAG 2.2 A and AA, as axe reads them, and a large thumb complain about on this screen."""
        if not self.js("!!globalThis.axe"):
            self._cdp("Runtime.evaluate", expression=AXE)
        return [*self.driver.execute_async_script(RUN_AXE, WCAG), *self.thumbs()]

    def thumbs(self) -> list[str]:
        """The second half of it, which is quick."""
        return list(self.driver.execute_script(AUDIT))

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

"""A real browser for benchmarks and tests: Debian's Chromium, without a window, with Selenium."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
WANTED = "a browser is needed: apt-get install chromium chromium-driver"
# How long a page may take. Of a page that is as it should be nobody waits for so long, except on a
# machine that does much else.
SOON_SECONDS = 180.0
POLL_SECONDS = 0.02
# Whether every picture of a page is drawn; then, how many there are. They are drawn when they come
# into sight, so the first that is not is brought there, in whichever tab it stands.
DRAWN = """
const frames = [...document.querySelectorAll('section:not([hidden]) .plot-frame')];
const late = frames.find(f => f.matches('.waiting') || !f.querySelector('.main-svg'));
if (late) {
    const panel = late.closest('[role=tabpanel]');
    if (panel && panel.hidden) document.querySelector(`[aria-controls=${panel.id}]`).click();
    late.scrollIntoView();
    return false;
}
const first = document.querySelector('[role=tab]');
if (first && first.getAttribute('aria-selected') !== 'true') first.click();
window.scrollTo(0, 0);
return frames.length > 0 && frames.length;
"""


class Chromium:
    """A browser with one page. Close it when done.

    Args:
        downloads: Where it saves what pages let it save.
    """

    def __init__(self, downloads: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER or ""
        for argument in (
            "--headless=new",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--enable-precise-memory-info",
            "--js-flags=--expose-gc",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_script_timeout(SOON_SECONDS)
        self.resize(1280)

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page so many pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str) -> None:
        """Let the system prefer "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def offline(self) -> None:
        """Cut the browser off."""
        conditions = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def open(self, address: str) -> None:
        """Open an address; what was said before is forgotten."""
        self.faults()
        self.driver.get(address)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, holds: Callable[[], Any], seconds: float = SOON_SECONDS) -> Any:
        """Wait until something holds; what it came to.

        Raises:
            TimeoutError: It did not for so long; with what the page says.
        """
        end = time.monotonic() + seconds
        while not (found := holds()):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.text()}\n{self.faults()}")
            time.sleep(POLL_SECONDS)
        return found

    def text(self, selector: str = "body") -> str:
        """What stands in the first element of a kind; nothing where there is none."""
        script = "const e = document.querySelector(arguments[0]); return e ? e.innerText : '';"
        return str(self.run(script, selector))

    def all(self, selector: str, attribute: str) -> list[str]:
        """An attribute of all elements of a kind."""
        script = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".map(e => e.getAttribute(arguments[1]));"
        )
        return list(self.run(script, selector, attribute))

    def click(self, selector: str) -> None:
        """Click on the first element of a kind."""
        self.run("document.querySelector(arguments[0]).click();", selector)

    def faults(self) -> list[str]:
        """What the console said that is worth a word, and answers that were errors; once."""
        said = [
            f"{entry['level']}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]
        return said + [
            f"{answer['status']} {answer['url']}"
            for entry in self.driver.get_log("performance")
            if (answer := _answer(entry)) and answer["status"] >= 400
        ]

    def save(self, file: Path) -> None:
        """The page as a PNG."""
        self.driver.save_screenshot(str(file))


def _answer(entry: dict[str, Any]) -> Any:
    message = json.loads(entry["message"])["message"]
    if message["method"] != "Network.responseReceived":
        return None
    return message["params"]["response"]

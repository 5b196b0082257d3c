"""What people come for, done in Chromium on our pages and on Optuna's, counting their clicks.

docs/dashboard.md has the table. A drag counts as a click; typing, scrolling and looking do not.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chromium import SOON_SECONDS, Chromium
from benchmarks.large_search import filling
from search.ledger.ledger import Ledger
from tests.chromium import needs_browser
from tests.search.views.dashboard.pages.conftest import dashboard

pytestmark = [needs_browser, pytest.mark.long, pytest.mark.timeout(6 * SOON_SECONDS)]

PAGE = Path(__file__).parents[5] / "docs" / "dashboard.md"
ROWS = "return dash_ag_grid.getApi('grid').getDisplayedRowCount()"


@dataclass
class Hand:
    """Who uses a browser. A click is one of the mouse, as far as the page can tell.

    Attributes:
        browser: The browser.
        address: Of the dashboard.
        clicks: How many there were.
    """

    browser: Chromium
    address: str
    clicks: int = field(default=0)

    def open(self, path: str) -> None:
        """Begin anew, at an address."""
        self.browser.open("about:blank")
        self.browser.open(self.address + path)
        self.clicks = 0

    def click(self, selector: str, text: str = "", *, shift: bool = False) -> None:
        """Click on the first element of a kind whose text begins so, once it is there."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        script = (
            "const found = [...document.querySelectorAll(arguments[0])]"
            ".find(e => e.innerText.startsWith(arguments[1]) || e.value === arguments[1]);"
            "if (found) found.scrollIntoView({block: 'center'}); return found;"
        )

        def clicked() -> bool:
            mouse = ActionChains(self.browser.driver)
            found = self.browser.run(script, selector, text)
            try:
                if found and shift:
                    mouse.key_down(Keys.SHIFT).click(found).key_up(Keys.SHIFT).perform()
                elif found:
                    mouse.click(found).perform()
            except StaleElementReferenceException:  # it was drawn anew just then
                return False
            return bool(found)

        self.browser.until(clicked)
        self.clicks += 1

    def sees(self, holds: Callable[[], Any]) -> int:
        """The clicks that it took, once the answer is there."""
        self.browser.until(holds)
        return self.clicks


@pytest.fixture
def hand(browser: Chromium, tmp_path: Path) -> Iterator[Hand]:
    """Before a search of three stages and 400 trials, some of which diverged."""
    storage = f"sqlite:///{tmp_path}/tasks.db"
    with Ledger(storage, create=True) as ledger:
        for _ in filling(ledger, 400, 5, "tasks"):
            pass
    with dashboard(storage) as address:
        yield Hand(browser, address)


def of_ours(hand: Hand) -> dict[str, str]:
    from selenium.webdriver.common.action_chains import ActionChains

    browser, found = hand.browser, {}
    hand.open("/klayer/")
    said = hand.sees(lambda: "% at learning_rate" in browser.text("#searches"))
    found["find the best"] = f"{said}"

    hand.click("a", "tasks")
    said = hand.sees(lambda: "Does it improve" in browser.text("#standing"))
    found["see whether it still improves"] = f"{said}"

    hand.click("[role=tab]", "Trials")
    for _ in range(3):
        hand.click("#grid .ag-row:not(.ag-row-selected) .ag-selection-checkbox input")
        browser.until(
            lambda: (
                len(browser.all("#pinned .pin", "class")) == hand.clicks - 2  # search and tab
            )
        )
    found["compare three trials"] = f"{hand.clicks}"
    asked = browser.run("return location.href").removeprefix(hand.address)
    hand.open(asked)
    said = hand.sees(lambda: len(browser.all("#pinned .pin", "class")) == 3)
    found["share the view"] = f"{said} more"

    hand.open("/klayer/")
    hand.click("a", "tasks")
    hand.click("[role=tab]", "Trials")
    browser.until(lambda: browser.run("return document.querySelector('#grid .ag-row') !== null"))
    every = browser.run(ROWS)
    browser.run("document.querySelector('#parallel').scrollIntoView();")
    browser.until(lambda: browser.all("#parallel .plot-frame:not(.waiting) .nsewdrag", "class"))
    plot = browser.driver.find_element("css selector", "#parallel .nsewdrag")
    wide, high = plot.size["width"], plot.size["height"]
    mouse = ActionChains(browser.driver)
    mouse.move_to_element_with_offset(plot, int(wide * 0.3), 8 - high // 2).click_and_hold()
    mouse.move_by_offset(int(wide * 0.1), high // 4).release().perform()
    hand.clicks += 1
    said = hand.sees(lambda: 0 < browser.run(ROWS) < every)
    found["filter by a range"] = f"{said}"

    hand.open("/klayer/")
    hand.click("a", "tasks")
    hand.click("[role=tab]", "Trials")
    hand.click("#grid-search")
    browser.driver.find_element("css selector", "#grid-search").send_keys("diverged")
    browser.until(lambda: 0 < browser.run(ROWS) < 20)
    hand.click("#grid .ag-row[row-index='0'] a")
    said = hand.sees(lambda: "It has no value" in browser.text("main"))
    found["find out why a trial failed"] = f"{said}"
    return found


def of_optunas(hand: Hand) -> dict[str, str]:
    browser, found = hand.browser, {}
    trial = ".MuiListItemButton-root"
    stages = ("1-coarse", "2-fine", "3-finest", "5-final")

    def study(stage: str) -> None:
        hand.click("a[href*='/dashboard/studies/']", next(n for n in named if stage in n))

    hand.open("/dashboard")
    browser.until(lambda: "tasks/5-final" in browser.text())
    named = browser.run(
        "return [...document.querySelectorAll(\"a[href*='/dashboard/studies/']\")]"
        ".map(a => a.innerText)"
    )
    study(stages[-1])  # whose best trial is the winner
    said = hand.sees(lambda: "Best Trial" in browser.text() and "learning_rate" in browser.text())
    found["find the best"] = f"{said}"

    hand.open("/dashboard")
    for place, stage in enumerate(stages[:-1]):
        if place:
            hand.click("a[href='/dashboard/']")
        study(stage)
        browser.until(lambda: "History" in browser.text())
        hand.sees(lambda: browser.all(".js-plotly-plot .main-svg", "class"))
    found["see whether it still improves"] = f"{hand.clicks}, and an eye for plots"

    hand.open("/dashboard")
    study(stages[0])
    hand.click("a[href$='/trials']")
    hand.click(trial, "Trial 1\n")
    for other in ("Trial 2\n", "Trial 4\n"):
        hand.click(trial, other, shift=True)
    said = hand.sees(lambda: browser.text().count("(trial_id=") == 3)
    found["compare three trials"] = f"{said}, of one stage"
    hand.open(browser.run("return location.href").removeprefix(hand.address))
    said = hand.sees(lambda: browser.text().count("(trial_id=") == 3)
    found["share the view"] = f"{said} more"

    hand.open("/dashboard")
    study(stages[0])
    hand.click("a[href$='/trials']")
    hand.click("button[aria-label=Filter]")
    kinds = [one.split()[0] for one in browser.run(MENU)]
    assert set(kinds) == {"Complete", "Pruned", "Fail", "Running", "Waiting", "Best"}
    found["filter by a range"] = "not possible: by state alone"
    hand.click("[role=menuitem]", "Complete")
    hand.click(".MuiBackdrop-root")
    hand.click(trial, "Trial ")
    said = hand.sees(lambda: "klayer:reason" in browser.text())
    found["find out why a trial failed"] = f"{said}"
    return found


MENU = "return [...document.querySelectorAll('[role=menuitem]')].map(e => e.innerText)"


def test_the_page_says_how_many_clicks_each_task_takes(hand: Hand) -> None:
    ours, optunas = of_ours(hand), of_optunas(hand)
    text = PAGE.read_text(encoding="utf-8")
    rows = [re.split(r" *\| *", line.strip("| \n")) for line in text.splitlines()]
    told = {row[0]: tuple(row[1:]) for row in rows if len(row) == 3 and row[0] in ours}
    assert told == {task: (ours[task], optunas[task]) for task in ours}

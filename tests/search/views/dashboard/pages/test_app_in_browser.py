"""The pages as people meet them: in a browser, on real searches, in either database."""

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urljoin

import pytest

from benchmarks.chromium import DRAWN, SOON_SECONDS, Chromium
from search.ledger.ledger import Ledger
from search.study.reading import load
from search.views.dashboard.pages import search_page
from search.views.plots.catalogue import entries
from search.views.reading.digest import Digest
from tests.chromium import needs_browser
from tests.postgresql import Server
from tests.search.views.dashboard.pages.conftest import SEEN, Klayer, Shown, as_it_begins, dashboard

pytestmark = [needs_browser, pytest.mark.timeout(3 * SOON_SECONDS)]

ROOT = Path(__file__).parents[5]
CATALOGUE = entries(load("digits").objective)
NARROWEST = 400
PAGES = {
    "searches": "/klayer/",
    "search": "/klayer/search/seen",
    "trial": "/klayer/trial/seen/coarse/0",
    "final": "/klayer/trial/seen/final/0",
    "compare": "/klayer/compare?with=seen,seen-too",
}


DRAWN_KEYS = (
    "return [...document.querySelectorAll('.plot-frame:not(.waiting)')]"
    ".map(frame => frame.closest('section').id)"
)


def shows(browser: Chromium, shown: Shown, key: str) -> None:
    """Open the page of a search, and wait for one plot of it; all of them take much longer."""
    browser.open("about:blank")  # an address that differs behind its # alone loads no page
    browser.open(f"{shown.address}{PAGES['search']}#{key}")
    browser.until(lambda: browser.all(f"#{key} .plot-frame:not(.waiting) .main-svg", "class"))


def opened(browser: Chromium, shown: Shown, page: str) -> None:
    browser.open(f"{shown.address}{PAGES[page]}")
    browser.until(lambda: browser.text("h1"))
    if page == "searches":
        browser.until(lambda: "seen-too" in browser.text("main"))
    else:
        browser.until(lambda: browser.run(DRAWN))


@dataclass(frozen=True)
class Visit:
    """A page, drawn to its end, as tests look at it.

    Attributes:
        plots: How many are drawn.
        widths: Of the document, by that of the window.
        text: All that can be read.
        cards: What can be read on the card of each plot, by its key.
        data: Where each plot's data are said to be.
        listings: What stands in the preformatted texts.
        links: Where they lead.
        injected: Elements that a study file would have made.
        hit: What its script would have set.
        faults: What the browser complained of.
    """

    plots: int
    widths: dict[int, int]
    text: str
    cards: dict[str, str]
    data: dict[str, list[str]]
    listings: str
    links: list[str]
    injected: int
    hit: object
    faults: list[str]


def visited(browser: Chromium, shown: Shown) -> dict[str, Visit]:
    """Every page, each opened once: to draw one takes seconds."""
    return {page: _visit(browser, shown, page) for page in PAGES}


def _visit(browser: Chromium, shown: Shown, page: str) -> Visit:
    opened(browser, shown, page)
    plots = int(browser.run(DRAWN))
    widths = {}
    for width in (1280, NARROWEST):
        browser.resize(width)
        browser.until(
            lambda: browser.run("return document.documentElement.scrollWidth") <= width  # noqa: B023
        )
        widths[width] = int(browser.run("return document.documentElement.scrollWidth"))
    keys = [entry.key for entry in CATALOGUE] if page == "search" else []
    return Visit(
        plots=plots,
        widths=widths,
        text=browser.text("main"),
        cards={key: browser.text(f"#{key}") for key in keys},
        data={key: browser.all(f"#{key} a", "href") for key in keys},
        listings=browser.run(
            "return [...document.querySelectorAll('details pre')].map(e => e.textContent).join('')"
        ),
        links=browser.all("a[href]", "href"),
        injected=browser.run("return document.querySelectorAll('img[src=x]').length"),
        hit=browser.run("return window.hit"),
        faults=browser.faults(),
    )


@pytest.fixture(scope="module")
def visits(_browser: Chromium, shown: Shown) -> dict[str, Visit]:
    """Those of the database in SQLite."""
    return visited(as_it_begins(_browser), shown)


@pytest.fixture
def visits_in_postgresql(browser: Chromium, shown_in_postgresql: Shown) -> dict[str, Visit]:
    return visited(browser, shown_in_postgresql)


@pytest.mark.parametrize(
    "database", ["visits", pytest.param("visits_in_postgresql", marks=pytest.mark.long)]
)
def test_pages_are_drawn_without_a_fault_at_both_widths(
    request: pytest.FixtureRequest, database: str
) -> None:
    for page, visit in request.getfixturevalue(database).items():
        assert visit.faults == [], page
        assert all(found <= window for window, found in visit.widths.items()), page


def test_the_page_of_a_search_has_every_plot_and_its_data(
    visits: dict[str, Visit], shown: Shown
) -> None:
    visit = visits["search"]
    with Ledger(shown.storage) as ledger:
        having = search_page.shown(Digest(ledger, "seen").outline())
    assert visit.plots == len(having) > 10
    for entry in CATALOGUE:
        assert entry.title in visit.cards[entry.key]
        (data,) = visit.data[entry.key]
        assert data.split("?")[0] == f"/klayer/data/seen/{entry.key}.csv"
    with urllib.request.urlopen(f"{shown.address}/klayer/data/seen/zoom.csv") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert len(rows) == 18


TOKEN = "http://{host}/klayer/?token=let%20me%20in"
# From then on the page keeps what it asks the server for.
LISTEN = """
const fetch = window.fetch;
window.asked = [];
window.fetch = (address, options) => {
    window.asked.push(String((options || {}).body));
    return fetch(address, options);
};
"""
NEWS, PLOT = "..version.data", '"type":"sent"'
ASKED = (
    "return window.asked.filter(body => body.replaceAll('\\\\', '').includes(arguments[0])).length"
)


def a_refresh(browser: Chromium) -> None:
    """Wait for two questions whether there is news: with the second, the first is answered."""
    before = browser.run(ASKED, NEWS)
    browser.until(lambda: browser.run(ASKED, NEWS) >= before + 2)


@pytest.mark.long
def test_only_plots_that_come_into_sight_are_asked_for(browser: Chromium, shown: Shown) -> None:
    browser.open(f"{shown.address}{PAGES['search']}")
    browser.run(LISTEN)
    browser.until(lambda: "zoom" in browser.run(DRAWN_KEYS))
    a_refresh(browser)
    drawn = browser.run(DRAWN_KEYS)
    assert "gradients" not in drawn
    assert len(drawn) < len(CATALOGUE) / 2
    before = browser.run(ASKED, PLOT)
    browser.run("location.hash = '#gradients';")
    browser.until(lambda: "gradients" in browser.run(DRAWN_KEYS))
    assert browser.run(ASKED, PLOT) > before
    browser.until(lambda: browser.run(DRAWN))
    before = browser.run(ASKED, PLOT)
    for place in ("gradients", "zoom"):
        browser.run(f"location.hash = '#{place}';")
        a_refresh(browser)
    assert browser.run(ASKED, PLOT) == before  # what is drawn already is not asked for again


@pytest.mark.long
def test_every_link_leads_to_a_page(browser: Chromium, shown: Shown) -> None:
    """Of all pages, each once; within klayer's they change the page without loading it anew."""
    seen: set[str] = set()
    left = list(PAGES.values())
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        browser.open(f"{shown.address}{path}")
        browser.until(lambda: browser.text("h1"))
        browser.until(lambda: "–" in browser.text("main") or browser.text("main p"))
        assert "cannot be shown" not in browser.text("main")
        assert "There is no" not in browser.text("main h2")
        trials: set[str] = set()
        for href in browser.all("a[href]", "href"):
            found = urljoin(path, href).split("#")[0]
            stage = found.rpartition("/")[0]
            if "/trial/" in found and "/trial/" in path:
                continue  # others of its cohort
            if found.startswith("/klayer/") and ".csv" not in found and stage not in trials:
                trials |= {stage} if "/trial/" in found else set()
                left.append(found)
            elif found.startswith("/"):
                with urllib.request.urlopen(f"{shown.address}{found}") as answer:
                    assert answer.status == 200
    assert browser.faults() == []
    assert len(seen) >= 4


@pytest.mark.long
def test_pages_change_without_being_loaded_anew(browser: Chromium, shown: Shown) -> None:
    opened(browser, shown, "searches")
    browser.run("window.same = true;")

    def gone_to(title: str) -> None:
        browser.until(lambda: title in browser.text("h1"))
        browser.until(lambda: browser.all(".plot-frame:not(.waiting) .main-svg", "class"))

    browser.click("a[href='/klayer/search/seen']")
    gone_to("seen")
    browser.click("#best-trials a")
    gone_to("#")
    assert browser.run("return document.title").endswith(", seen – klayer")
    browser.click("main a")
    gone_to("seen")
    browser.driver.back()
    gone_to("#")
    browser.run("document.querySelector('nav a').click();")
    browser.until(lambda: "Searches" in browser.text("h1"))
    for tick in ("seen", "seen-too"):
        browser.click(f"input[type=checkbox][value='{tick}']")
    browser.until(lambda: browser.text("#to-compare") == "Compare 2 searches")
    browser.click("#to-compare")
    gone_to("seen-too, seen")
    browser.click("#compare-table a")
    gone_to("seen")
    assert browser.run("return window.same") is True
    assert browser.faults() == []


@pytest.mark.long
def test_optunas_dashboard_has_the_note_and_the_plots(browser: Chromium, shown: Shown) -> None:
    browser.open(f"{shown.address}/dashboard")
    browser.until(lambda: "seen/1-coarse" in browser.text())
    studies = browser.run(
        "return [...document.querySelectorAll('a')].map(a => a.href)"
        ".filter(h => /studies.[0-9]+$/.test(h))"
    )
    browser.open(f"{studies[0]}")
    browser.until(lambda: "klayer" in browser.text())
    with urllib.request.urlopen(
        f"{shown.address}/api/studies/{studies[0].rsplit('/', 1)[1]}"
    ) as answer:
        said = answer.read().decode()
    assert "klayer-zoom" in said
    assert "klayer-curves" in said
    assert browser.faults() == []


def test_only_plots_of_one_search_or_of_two_to_six_are_drawn(shown: Shown) -> None:
    """Else any page anywhere could keep the server busy with one address."""
    several = ",".join(f"seen-{number}" for number in range(7))
    for names in (several, "seen,seen-too,seen", ",".join(["seen"] * 500), "%00", "a" * 5000):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{shown.address}/klayer/data/{names}/compare-zoom.csv")
        assert refused.value.code == 404
        refused.value.close()


def test_what_a_study_file_says_is_inert(visits: dict[str, Visit]) -> None:
    for page, visit in visits.items():
        assert visit.hit is None, page
        assert visit.injected == 0, page
        assert not [h for h in visit.links if h.startswith("javascript")], page
    assert "<img src=x onerror='window.hit = 1'>" in visits["search"].text
    assert "<script>window.hit = 1</script>" in visits["search"].listings


@pytest.mark.long
def test_light_and_dark(browser: Chromium, shown: Shown) -> None:
    browser.prefer("dark")
    shows(browser, shown, "zoom")
    ground = "return getComputedStyle(document.body).backgroundColor"
    paper = (
        "return document.querySelector('#zoom .js-plotly-plot').layout.template.layout.font.color"
    )
    dark = browser.run(ground)
    browser.until(lambda: browser.run(paper) == "#E6EAEF")
    browser.click("#toggle")
    browser.until(lambda: browser.run(ground) != dark)
    browser.until(lambda: browser.run(paper) == "#1B1F24")
    shows(browser, shown, "zoom")  # what was chosen stays
    assert browser.run("return document.documentElement.dataset.mode") == "light"


def test_it_can_be_used_by_keyboard(browser: Chromium, shown: Shown) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    opened(browser, shown, "searches")
    reached = []
    for _ in range(12):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        reached.append(browser.run("return document.activeElement.textContent"))
        outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        if reached[-1] == "seen":
            break
    assert reached[0] == "To the content"
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    browser.until(lambda: browser.text("h1") == "seen")


AXE = """
const done = arguments[0], told = one => `${one.id}: ${one.nodes.map(node => node.html).join(' ')}`;
const serious = one => ['serious', 'critical'].includes(one.impact);
axe.run(document, {resultTypes: ['violations']})
    .then(found => done(found.violations.filter(serious).map(told)));
"""


@pytest.mark.long
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(browser: Chromium, shown: Shown, mode: str) -> None:
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    axe = Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    browser.prefer(mode)
    for page in PAGES:
        opened(browser, shown, page)
        if page == "searches":
            browser.click("input[type=checkbox][value='seen']")
        browser.run(axe)
        for tab in browser.all("[role=tab]:not([data-empty])", "id") or ["page"]:
            browser.click(f"#{tab}")
            assert browser.driver.execute_async_script(AXE) == [], f"{page}, {tab}"


@pytest.mark.long
def test_a_plot_is_saved(browser: Chromium, shown: Shown, downloads: Path) -> None:
    for form, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
        shows(browser, shown, "zoom")  # of one page, Chromium would block a second file
        file = downloads / f"klayer-zoom.{form}"
        browser.run(
            "[...document.querySelectorAll('#zoom button')]"
            ".find(b => b.textContent == arguments[0]).click()",
            form.upper(),
        )
        browser.until(file.exists)
        assert file.read_bytes().startswith(begins)


@pytest.mark.long
def test_other_trials_are_shown_and_taken_away_and_stand_in_the_address(
    browser: Chromium, shown: Shown
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(f"{shown.address}{PAGES['search']}#curves-accuracy?curves-accuracy.first=0.9")
    browser.until(lambda: "mean of weight 0.9" in browser.text("#curves-accuracy .caption"))
    field = browser.driver.find_element("css selector", "#curves-accuracy input[type=text]")
    field.send_keys("coarse 11" + Keys.ENTER)
    named = "return document.querySelector('#curves-accuracy').innerText"
    browser.until(lambda: "coarse #11" in browser.run(named))
    (data,) = browser.all("#curves-accuracy a", "href")  # of what is shown
    with urllib.request.urlopen(f"{shown.address}{data}") as answer:
        assert ",11," in answer.read().decode()
    asked = browser.run("return location.hash")
    assert "curves-accuracy.first=0.9&" in asked
    assert "curves-accuracy.second=coarse+11" in asked
    assert browser.faults() == []


def test_all_trials_are_a_table_whose_view_stands_in_the_address(
    browser: Chromium, shown: Shown
) -> None:
    from selenium.webdriver.common.keys import Keys

    first = "document.querySelector('#grid [row-index=\"0\"] a')"
    chosen = "&zoom.second=value&best.first=nothing"
    browser.open(f"{shown.address}{PAGES['search']}#trials?sort=value:desc&q=coarse{chosen}")
    browser.until(lambda: browser.run(f"return {first} !== null"))
    browser.until(lambda: "second=value" in browser.all("#zoom a", "href")[0])
    assert "nothing" not in browser.all("#best a", "href")[0]

    def column(name: str) -> list[str]:
        """Its cells that are in sight, from above."""
        cells = f"[...document.querySelectorAll('#grid [row-index] > [col-id=\"{name}\"]')]"
        place = "cell => Number(cell.parentElement.getAttribute('row-index'))"
        order = f"sort((a, b) => ({place})(a) - ({place})(b))"
        return list(browser.run(f"return {cells}.{order}.map(cell => cell.innerText)"))

    browser.until(lambda: set(column("stage")) == {"coarse"})
    found = [float(value) for value in column("value") if value]
    assert len(found) > 3
    assert found == sorted(found, reverse=True)
    field = browser.driver.find_element("css selector", "#grid-search")
    field.send_keys(Keys.CONTROL + "a" + Keys.NULL, "fine")
    browser.until(lambda: "q=fine" in browser.run("return location.hash"))
    asked = browser.run("return location.hash")
    assert "sort=value" in asked
    assert "zoom.second=value" in asked
    assert "zoom.first" not in asked  # as it is unasked
    browser.run(f"window.same = true; {first}.click();")
    browser.until(lambda: "#" in browser.text("h1"))
    assert browser.run("return window.same") is True
    assert browser.run("return location.pathname").startswith("/klayer/trial/seen/fine")
    assert browser.faults() == []


@pytest.mark.long
def test_pinned_trials_are_lit_in_plots_and_stand_in_the_address(
    browser: Chromium, shown: Shown
) -> None:
    ticked = "return [...document.querySelectorAll('#grid .ag-selection-checkbox input:checked')]"
    boxes = "document.querySelectorAll('#grid .ag-row .ag-selection-checkbox input')"
    browser.open(f"{shown.address}{PAGES['search']}#best?pin=coarse/3")
    browser.until(lambda: "lit in magenta: coarse #3." in browser.text("#best"))
    told = browser.run(
        "return document.querySelector('#best .js-plotly-plot').data"
        ".filter(trace => trace.ids).map(trace => trace.hovertext[0])"
    )
    assert all("<br>learning rate η: " in text for text in told)
    assert len(told) > 1
    browser.click("#tab-trials")
    browser.until(lambda: len(browser.run(ticked)) == 1)
    assert browser.run("return location.hash") == "#trials?pin=coarse/3"
    browser.run(f"[...{boxes}].find(box => !box.checked).click();")
    browser.until(lambda: browser.run("return location.hash").startswith("#trials?pin=coarse/3,"))
    browser.until(lambda: len(browser.run(ticked)) == 2)
    browser.click("#tab-overview")
    browser.until(lambda: "lit in magenta: coarse #3, " in browser.text("#best"))
    browser.click("#pinned > button")
    browser.until(lambda: "magenta" not in browser.text("#best"))
    assert browser.run("return location.hash") == "#overview"
    browser.click("#tab-trials")
    browser.until(lambda: not browser.run(ticked))
    assert browser.faults() == []


@pytest.mark.long
def test_a_box_over_parallel_coordinates_filters_the_table(browser: Chromium, shown: Shown) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    shows(browser, shown, "parallel")
    browser.until(lambda: browser.run("return document.querySelector('#grid .ag-row') !== null"))
    plot = browser.driver.find_element("css selector", "#parallel .nsewdrag")
    wide, high = plot.size["width"], plot.size["height"]
    last = int(wide * (3.4 / 3.8 - 0.5))  # of the four axes, from the middle: the value's
    mouse = ActionChains(browser.driver)
    mouse.move_to_element_with_offset(plot, last - 15, 8 - high // 2).click_and_hold()
    mouse.move_by_offset(15, 10).move_by_offset(15, high // 3).release().perform()
    rows = "return dash_ag_grid.getApi('grid').getDisplayedRowCount()"
    browser.until(lambda: 0 < browser.run(rows) < 18)
    browser.until(lambda: "inRange" in browser.run("return location.hash"))
    asked = browser.run("return location.href")
    least = browser.run("return dash_ag_grid.getApi('grid').getFilterModel().value.filter")
    kept = browser.run(rows)
    browser.open("about:blank")
    browser.open(asked)  # as somebody else does who is sent it
    browser.until(lambda: browser.run("return document.querySelector('#grid .ag-row') !== null"))
    browser.until(lambda: browser.run(rows) == kept)
    assert 50 < least < 100
    assert browser.faults() == []


@pytest.fixture
def empty(empty_database: Path, tmp_path: Path) -> Iterator[str]:
    shutil.copy(empty_database, tmp_path / "empty.db")
    with dashboard(f"sqlite:///{tmp_path}/empty.db") as address:
        yield address


def test_an_empty_database_says_what_to_do(browser: Chromium, empty: str) -> None:
    browser.open(f"{empty}/klayer/")
    browser.until(lambda: "klayer run digits" in browser.text("main"))
    for path in ("search/none", "trial/none/coarse/1", "compare?with=x,y", "nowhere"):
        browser.open(f"{empty}/klayer/{path}")
        browser.until(lambda: browser.text("main h2"))
    assert all("404" in fault for fault in browser.faults())


@pytest.mark.long
def test_a_page_that_is_opened_too_early_shows_its_search_once_it_is_there(
    browser: Chromium, empty: str, klayer: Klayer, tmp_path: Path
) -> None:
    browser.open(f"{empty}/klayer/search/late")
    browser.until(lambda: "cannot be shown" in browser.text("main h2"))
    assert not browser.text("#trouble")
    assert all("404" in fault for fault in browser.faults())
    (tmp_path / "late.toml").write_text(SEEN.format(name="late"))
    storage = f"sqlite:///{tmp_path}/empty.db"
    assert klayer("submit", "late.toml", "--storage", storage, cwd=tmp_path).returncode == 0
    browser.until(lambda: browser.text("h1") == "late")
    assert browser.faults() == []


@pytest.mark.parametrize(
    "way",
    [pytest.param("http://anybody:let%20me%20in@{host}/klayer/", marks=pytest.mark.long), TOKEN],
)
@pytest.mark.long
def test_a_password_opens_the_pages_and_optunas(browser: Chromium, shown: Shown, way: str) -> None:
    # One of its own for each way: Chromium remembers what it was let in with.
    with dashboard(shown.storage, password="let me in") as address:
        host = address.removeprefix("http://")
        browser.open(f"{address}/klayer/")
        assert "seen" not in browser.text()
        browser.faults()  # which say that it was refused
        browser.open(way.format(host=host))
        browser.until(lambda: "seen-too" in browser.text("main"))
        assert "let" not in browser.run("return document.URL")
        browser.open(f"{address}/dashboard")
        browser.until(lambda: "seen/1-coarse" in browser.text())
        assert browser.faults() == []


@contextmanager
def serving(storage: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the search "live", until it is finished."""
    script = "from search.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, "worker", "live", "--storage", storage],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
        assert process.wait(timeout=SOON_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def trials_at_their_end(browser: Chromium) -> int:
    """As the page says it now."""
    said = re.search(r"Trials\s+(\d+)", browser.text("#standing"))
    return int(said[1]) if said else 0


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_search_is_followed_while_it_runs(
    browser: Chromium,
    klayer: Klayer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    database: str,
) -> None:
    storage = f"sqlite:///{tmp_path}/live.db"
    if database == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        storage = server.new_database()
    slow = SEEN.format(name="live").replace("epochs = 4", "epochs = 24")
    (tmp_path / "live.toml").write_text(slow)
    done = klayer("submit", "live.toml", "--storage", storage, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with dashboard(storage) as address:
        browser.open(f"{address}/klayer/search/live")
        browser.until(lambda: "waiting" in browser.text("#standing"))
        assert "klayer worker live" in browser.text("#standing")
        browser.run("window.same = true;")
        assert not browser.run(DRAWN)  # what has nothing to show takes no space
        with serving(storage) as worker, Ledger(storage) as ledger:
            search = ledger.read.search("live")
            browser.until(lambda: any(one.finished_at for one in ledger.read.trials(search)))
            worker.send_signal(signal.SIGSTOP)  # it shall not be done before the page is looked at
            browser.until(lambda: 0 < trials_at_their_end(browser) < 24)
            browser.run("document.querySelector('#zoom').scrollIntoView();")
            browser.until(lambda: browser.all("#zoom .js-plotly-plot .main-svg", "class"))
            browser.run("window.drawing = document.querySelector('#zoom .js-plotly-plot');")
            worker.send_signal(signal.SIGCONT)
            browser.until(lambda: "finished" in browser.text("#standing"))
        assert trials_at_their_end(browser) == 24
        browser.until(lambda: "winner" in browser.text("#zoom"))
        assert browser.run("return window.same") is True
        # The figure is changed, not made anew, so that what a reader has zoomed into stays.
        now = "document.querySelector('#zoom .js-plotly-plot')"
        assert browser.run(f"return window.drawing !== null && window.drawing === {now}")
        assert browser.faults() == []

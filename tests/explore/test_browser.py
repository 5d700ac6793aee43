"""The page in a real browser: a slider is moved, a lamp goes out, a calibration is laid over it.

Wants Playwright and Chromium or Chrome; PM_DALEC_SCREENSHOTS names a folder that keeps what was seen.
"""

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("panel", reason="wants pip install 'pm_dalec[explore]'")
playwright = pytest.importorskip("playwright.sync_api", reason="wants the package playwright")

import panel as pn

from pm_dalec.explore.explorer import Explorer
from pm_dalec.explore.opening import HOST, free_port
from pm_dalec.explore.page import Page
from pm_dalec.explore.workbench import Workbench
from pm_dalec.models import baseline

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120_000  # ms, of a machine that does much else

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of Tornado, in a thread that ends with the test
]


@pytest.fixture(scope="module")
def address():
    """Page of the built-in site, served by a thread of this process."""
    from pm_dalec.data.synthetic_sites import synthetic_site

    bench, port = Workbench(baseline.build(synthetic_site(0))), free_port(0)
    server = pn.serve(
        lambda: Page(Explorer(bench)).view,
        port=port,
        address=HOST,
        threaded=True,
        show=False,
        verbose=False,
    )
    yield f"http://{HOST}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser out of {', '.join(BROWSERS)} on this machine")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def window(browser, address):
    """Window with the page, and what it asked other machines for and complained about."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.complaints, opened.elsewhere = [], []
    opened.on("pageerror", lambda fault: opened.complaints.append(str(fault)))
    opened.on(
        "console",
        lambda said: opened.complaints.append(said.text) if said.type == "error" else None,
    )
    opened.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
            else opened.elsewhere.append(asked.url)
        ),
    )
    opened.goto(address)
    opened.locator(".lamp").first.wait_for(timeout=PATIENCE)
    yield opened
    opened.close()


def seen(window, name, tmp_path):
    """Screenshot of the whole page, which is no empty one."""
    folder = Path(os.environ.get("PM_DALEC_SCREENSHOTS", tmp_path))
    file = folder / f"{name}.png"
    window.screenshot(path=file, full_page=True)
    assert file.stat().st_size > 50_000, "an empty page is smaller"


def move_to_the_left_end(window, name):
    handle = window.locator(f".slider-{name} .noUi-handle")
    handle.scroll_into_view_if_needed()
    handle.focus()
    window.keyboard.press("Home")


def test_a_slider_that_is_moved_puts_out_a_lamp(window, tmp_path):
    expect, lamps = playwright.expect, window.locator(".lamp")
    expect(window.get_by_text("All 26 rules hold")).to_be_visible(timeout=PATIENCE)
    assert lamps.count() == 26
    leaves = window.locator("[data-rule=leaves_balance_roots]")
    expect(leaves).to_contain_text("holds, a factor")
    score = window.locator("[data-row=total]").inner_text()
    for name in ("foliage_fraction", "labile_fraction"):
        move_to_the_left_end(window, name)
    expect(leaves.first).to_contain_text("broken, short by a factor", timeout=PATIENCE)
    expect(window.get_by_text("A rule is broken")).to_be_visible()
    assert window.locator("[data-row=total]").inner_text() != score
    seen(window, "broken_rule", tmp_path)
    assert not window.elsewhere, "it works without a net"
    assert not window.complaints


def test_a_calibration_is_laid_over_the_page(window, tmp_path):
    expect = playwright.expect
    window.locator("input[type=text]").first.fill("20")
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Calibrate").click()
    expect(window.get_by_text("proposals/s")).to_be_visible(timeout=PATIENCE)
    expect(window.get_by_text("best draw", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(window.get_by_text("onverged")).to_be_visible()
    window.get_by_role("button", name="Best draw").click()
    expect(window.get_by_text("You stand where the best draw")).to_be_visible(timeout=PATIENCE)
    seen(window, "calibrated", tmp_path)
    assert not window.complaints


def test_a_calibration_can_be_stopped(window):
    expect = playwright.expect
    window.locator("input[type=text]").first.fill("3000")
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Calibrate").click()
    expect(window.get_by_text("acceptance")).to_be_visible(timeout=PATIENCE)
    window.get_by_role("button", name="Stop").click()
    expect(window.get_by_role("button", name="Calibrate")).to_be_enabled(timeout=PATIENCE)

"""How long a redraw takes: from a slider that is moved to what is sent to the browser, in a session's document.

`pytest -m benchmark -s tests/explore/test_speed.py` prints it.
"""

import json
import statistics
import time

import numpy as np
import pytest

pytest.importorskip("panel", reason="wants pip install 'pm_dalec[explore]'")

from bokeh.protocol import Protocol

from pm_dalec.explore.explorer import Explorer
from pm_dalec.explore.page import Page
from pm_dalec.explore.workbench import Workbench
from pm_dalec.models import baseline
from pm_dalec.testing.tiny import tiny_site

MOVES = 50


@pytest.mark.benchmark
@pytest.mark.parametrize("years", [6, 30], ids="{} years".format)
def test_a_redraw_is_measured(years, capsys):
    """Run, rules, likelihood, figures, lamps and score, and the message of it all, made and serialised."""
    page = Page(Explorer(Workbench(baseline.build(tiny_site(years=years)))))
    document, sent = page.view.server_doc(), []
    document.on_change(lambda event: sent.append(event))
    places = np.random.default_rng(0).uniform(0.05, 0.95, MOVES)
    names = np.random.default_rng(1).permutation(np.resize(list(page.sliders), MOVES))
    took, sizes = [], []
    for name, place in zip(names, places, strict=True):
        sent.clear()
        began = time.perf_counter()
        page.sliders[name].slider.value = float(place)
        message = Protocol().create("PATCH-DOC", sent)
        sizes.append(len(message.content_json) + sum(len(b.to_bytes()) for b in message.buffers))
        took.append(1e3 * (time.perf_counter() - began))
        assert sent, "a move that sends nothing is no redraw"
    found = {
        "years": years,
        "moves": MOVES,
        "median_ms": round(statistics.median(took), 1),
        "worst_ms": round(max(took), 1),
        "message_kB": round(statistics.median(sizes) / 1e3, 1),
    }
    with capsys.disabled():
        print(json.dumps(found))

"""Shared fixtures: where the reference files and the site data are."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    """Folder with `reference/` and `data/`: PM_DALEC_DATA, or `../shared` beside the checkout."""
    named = os.environ.get("PM_DALEC_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip(
            f"no reference data at {folder}; set PM_DALEC_DATA to the folder that holds them"
        )
    return folder

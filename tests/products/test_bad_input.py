"""Malformed product files: many, with names of their own, each of them good before it is spoilt."""

from . import (
    test_biomass,
    test_crujra,
    test_hansen,
    test_lai300,
    test_landcover,
    test_mauna_loa,
    test_mcd64a1,
    test_modis,
    test_soilgrids,
    test_ukesm,
)

OPENED = (
    test_lai300,
    test_biomass,
    test_soilgrids,
    test_hansen,
    test_mcd64a1,
    test_landcover,
    test_crujra,
    test_ukesm,
)
CASES = [case for product in (*OPENED, test_mauna_loa, test_modis) for case in product.CASES]


def test_there_are_more_than_forty_malformed_inputs_with_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) > 40


def test_the_files_that_the_cases_spoil_are_good_before(tmp_path):
    for product in OPENED:
        folder = tmp_path / product.__name__
        folder.mkdir()
        product.written(folder)
        product.opened(folder)
    assert test_biomass.opened(test_biomass.merged(tmp_path))["agb_unc"].max() == 50
    carbon_dioxide = test_mauna_loa.written(tmp_path)
    assert test_mauna_loa.mauna_loa.open_mauna_loa(carbon_dioxide).size == 12

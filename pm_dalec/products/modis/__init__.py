"""MODIS and VIIRS land products on the sinusoidal grid of 500 m: their files, grid and two readers."""

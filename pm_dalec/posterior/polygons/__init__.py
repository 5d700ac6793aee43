"""Results of a fit as tables of polygons."""

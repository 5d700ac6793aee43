"""Land as pixels and strata: grids, exact areas, and the assembly of a region from products or from the synthetic twin."""

"""Results under the names, units and attributes of CF and of the C4MIP tables, as ILAMB reads them."""

"""What the readers share: files by name, windows, NetCDF, rasters."""

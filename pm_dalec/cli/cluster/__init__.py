"""Commands for regions that are calibrated by many workers."""

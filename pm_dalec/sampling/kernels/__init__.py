"""Compiled moves of many chains; no DALEC in them."""

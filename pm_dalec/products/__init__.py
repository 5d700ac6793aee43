"""Readers of Earth-observation products, one file a product."""

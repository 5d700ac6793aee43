"""Drivers and observations as one checked dataset; every message to a user is built here."""

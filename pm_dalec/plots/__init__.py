"""Figures: functions from labelled data to a matplotlib Figure."""

"""Models as short files: each builds one `pm.Model` out of the verbs of `pm_dalec.graph`."""

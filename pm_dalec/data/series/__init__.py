"""Series of a user become a site: tables, files of flux towers, reanalyses, and what fills their holes."""

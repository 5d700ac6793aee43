"""Earth-observation products and peers' files: one reader (and writer) a file.

Products: `lai300`, `biomass`, `soilgrids`, `hansen`, `mcd64a1`, `landcover`, `crujra`, `mauna_loa`,
`ukesm`; each has ``open_<product>(paths, *, window, ...)``, ``write_<product>`` and its reductions.
Peers: `cardamom_csv`, `edinburgh_binary`, `cbf`; each opens the units of one site.
`cover`, `layers` and `weather` bring products to a region; `twin_products` writes the twin as files.
"""

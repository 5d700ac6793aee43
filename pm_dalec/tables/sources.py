"""Where equations, constants and bounds come from: one key per source."""

SOURCES = {
    "bloom2015": "Bloom, A. A. and Williams, M.: Constraining ecosystem carbon dynamics in a "
    "data-limited world, Biogeosciences, 12, 1299-1315, doi:10.5194/bg-12-1299-2015, 2015.",
    "bloom2016": "Bloom, A. A. et al.: The decadal state of the terrestrial carbon cycle, PNAS, 113, "
    "1285-1290, doi:10.1073/pnas.1515160113, 2016.",
    "cotter2013": "Cotter, S. L. et al.: MCMC methods for functions: modifying old algorithms to make "
    "them faster, Stat. Sci., 28, 424-446, 2013.",
    "haario2001": "Haario, H., Saksman, E. and Tamminen, J.: An adaptive Metropolis algorithm, "
    "Bernoulli, 7, 223-242, 2001.",
    "milodowski2023": "Milodowski, D. T., Smallman, T. L. and Williams, M.: Scale variance in the "
    "carbon dynamics of fragmented, mixed-use landscapes estimated using model-data fusion, "
    "Biogeosciences, 20, 3301-3327, doi:10.5194/bg-20-3301-2023, 2023.",
    "neal1998": "Neal, R. M.: Regression and classification using Gaussian process priors, in: "
    "Bayesian Statistics 6, Oxford University Press, 475-501, 1998.",
    "smallman2019": "Smallman, T. L. and Williams, M.: Description and validation of an intermediate "
    "complexity model for ecosystem photosynthesis and evapotranspiration: ACM-GPP-ETv1, "
    "Geosci. Model Dev., 12, 2227-2253, doi:10.5194/gmd-12-2227-2019, 2019.",
    "smallman2021": "Smallman, T. L. et al.: Parameter uncertainty dominates C-cycle forecast errors "
    "over most of Brazil for the 21st century, Earth Syst. Dynam., 12, 1191-1237, "
    "doi:10.5194/esd-12-1191-2021, 2021.",
    "terbraak2008": "ter Braak, C. J. F. and Vrugt, J. A.: Differential evolution Markov chain with "
    "snooker updater and fewer chains, Stat. Comput., 18, 435-446, 2008.",
    "williams1997": "Williams, M. et al.: Predicting gross primary productivity in terrestrial "
    "ecosystems, Ecol. Appl., 7, 882-894, 1997.",
    "convention": "A convention of pm_dalec, stated where it is used.",
}

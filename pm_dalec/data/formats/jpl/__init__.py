"""Parts of the readers and the writer of CBF, the files of JPL's CARDAMOM."""

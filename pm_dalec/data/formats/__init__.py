"""One reader, and a writer of small files, per format in which peers keep a site."""

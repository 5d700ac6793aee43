"""The page at the root of the site, which leads to the landing page."""

from pathlib import Path

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>pm_dalec</title>
<meta http-equiv="refresh" content="0; url=docs/index.html">
</head>
<body><a href="docs/index.html">pm_dalec</a></body>
</html>
"""


def write(app, exception):
    """Write ``index.html`` at the root of a site that was built."""
    if exception is None and app.builder.format == "html":
        Path(app.outdir, "index.html").write_text(PAGE, encoding="utf-8")

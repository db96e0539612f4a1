"""The configuration of Sphinx for these pages: `sphinx-build -W docs build/docs`."""

from sepviz import __version__

project = "Sepviz"
author = "the authors of Sepviz"
release = __version__
extensions = ["sepviz.extensions.sphinx", "myst_parser"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1040px", "nosidebar": True}
html_show_copyright = False
numfig = True

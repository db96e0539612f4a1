"""`python -m sepviz.cli`: the commands, where `sepviz` itself is not on the path."""

from sepviz.cli import main

main(prog_name="sepviz")

"""`python -m sepviz.cli`: the commands, where the program `sepviz` is not on PATH."""

from sepviz.cli import main

main(prog_name="sepviz")

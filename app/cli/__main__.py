"""`python -m app.cli`: the commands, where `sepviz` itself is not on the path."""

from app.cli import main

main(prog_name="sepviz")

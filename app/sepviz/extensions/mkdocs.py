"""What the Markdown extension does differently while MkDocs builds: line numbers and errors.

MkDocs has no interface by which a Markdown extension gets its page, so the page is read from `relpath`, the tree
processor that MkDocs registers for links.
"""

from typing import Any, TypeVar

from markdown import Markdown

Error = TypeVar("Error", bound=Exception)


def count_metadata_lines(md: Markdown) -> int:
    """The number of lines of metadata that MkDocs removed from the top of the page; 0 without MkDocs."""
    file = _current_file(md)
    if file is None:
        return 0
    from mkdocs.utils.meta import get_data  # noqa: PLC0415 - MkDocs is an optional dependency

    text = file.content_string
    return int(text.count("\n") - get_data(text)[0].count("\n"))


def build_error(md: Markdown, error: Error, *bases: type[Exception]) -> Error:
    """The error as an instance of `bases` too; in MkDocs it also ends the build without a traceback."""
    if _current_file(md) is not None:
        from mkdocs.exceptions import Abort  # noqa: PLC0415 - MkDocs is an optional dependency

        class Logged(Abort):
            def show(self, *_args: Any, **_kwargs: Any) -> None:
                """Print nothing: MkDocs has logged the message with the name of the page."""

        bases = (*bases, Logged)
    raised: Error = type(type(error).__name__, (type(error), *bases), {})(str(error))
    return raised


def _current_file(md: Markdown) -> Any:
    return getattr(md.treeprocessors["relpath"], "file", None) if "relpath" in md.treeprocessors else None

"""The Sphinx directive `sepviz`; in conf.py: `extensions = ["sepviz.extensions.sphinx"]`.

The figure is drawn twice: when the page is read, so that an error names its line, and when it is written, as the kind
of picture that the builder takes: SVG for HTML and EPUB, PDF for LaTeX, PNG for the rest. Builders without pictures
get its words.
"""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Element, Node
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from sepviz import __version__
from sepviz.errors import SepvizError
from sepviz.extensions import figure
from sepviz.figures.export import ExportUnavailable, pdf, png
from sepviz.figures.figure_spec import FigureSpec
from sepviz.layer.spec import properties

logger = logging.getLogger(__name__)

# What a builder may take, the best first.
MADE: dict[str, Callable[[str], bytes]] = {"image/svg+xml": str.encode, "application/pdf": pdf, "image/png": png}
ENDINGS = {"image/svg+xml": ".svg", "application/pdf": ".pdf", "image/png": ".png"}


class sepviz_figure(nodes.General, nodes.Element):  # noqa: N801 - a node is named as its tag
    """A figure that is still to be drawn: `figure`, its name, and `parameters`."""


def _true_alone(value: str | None) -> str:
    """`:animate:` alone says true."""
    return value.strip() if value else "true"


def _align(value: str | None) -> str:
    return directives.choice(value or "", ("left", "center", "right"))


class SepvizDirective(SphinxDirective):
    """`.. sepviz:: separable`, with an option for each parameter of the layer and of the figure, and docutils' own."""

    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {
        **{
            name: _true_alone if schema.get("type") == "boolean" else directives.unchanged
            for name, schema in properties(FigureSpec).items()
        },
        "alt": directives.unchanged,
        "caption": directives.unchanged,
        "align": _align,
        "class": directives.class_option,
        "name": directives.unchanged,
    }

    def run(self) -> list[Node]:
        """The place of the figure, inside docutils' figure where it has a caption."""
        name = self.arguments[0]
        parameters = {key: value for key, value in self.options.items() if key in FigureSpec.model_fields}
        try:
            alt = figure(name, parameters.items()).alt
        except SepvizError as error:
            raise self.error(f"sepviz {name}: {error}") from None
        drawn = sepviz_figure(figure=name, parameters=parameters, alt=self.options.get("alt", alt))
        self.set_source_info(drawn)
        whole: Element = drawn
        if "caption" in self.options:
            words, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            whole = nodes.figure("", drawn, nodes.caption(self.options["caption"], "", *words), *messages)
            self.set_source_info(whole)
        if "align" in self.options:
            whole["align"] = self.options["align"]
        whole["classes"] += self.options.get("class", [])
        self.add_name(whole)
        return [whole]


class DrawFigures(SphinxPostTransform):
    """Every `sepviz_figure` as the picture that the builder takes."""

    default_priority = 8

    def run(self, **_: Any) -> None:
        """Draw what is on this page."""
        for node in list(self.document.findall(sepviz_figure)):
            image = nodes.image(uri="", alt=node["alt"], candidates={"?": ""}, classes=node["classes"], ids=node["ids"])
            if "align" in node:
                image["align"] = node["align"]
            form = next((each for each in MADE if each in self.app.builder.supported_image_types), None)
            if form is not None:
                try:
                    image["uri"] = self._written(node, form)
                except ExportUnavailable as error:
                    logger.warning("sepviz %s: %s", node["figure"], error, location=node)
            node.replace_self(image)

    def _written(self, node: sepviz_figure, form: str) -> str:
        """The picture, named by its content, where the builder would copy it to and finds it done."""
        picture = MADE[form](figure(node["figure"], node["parameters"].items()).svg)
        digest = blake2b(picture, digest_size=8).hexdigest()
        builder = self.app.builder
        path = Path(builder.outdir, builder.imagedir, f"sepviz-{node['figure']}-{digest}{ENDINGS[form]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
        builder.images[str(path)] = path.name
        return str(path)


def setup(app: Sphinx) -> ExtensionMetadata:
    """What Sphinx calls."""
    app.add_node(sepviz_figure)
    app.add_directive("sepviz", SepvizDirective)
    app.add_post_transform(DrawFigures)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}

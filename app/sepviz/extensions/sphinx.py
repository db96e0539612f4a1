"""The Sphinx directive `sepviz`; in conf.py: `extensions = ["sepviz.extensions.sphinx"]`.

The figure is drawn twice: when the page is read, so that an error has its line, and when the page is written, in a
format of the builder: SVG for HTML and EPUB, PDF for LaTeX, PNG for others. Builders without images use its alt text.
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
from sepviz.extensions import draw_figure
from sepviz.figures.export import ExportUnavailable, pdf, png
from sepviz.figures.figure_spec import FigureSpec
from sepviz.layer.spec import properties

logger = logging.getLogger(__name__)

# By media type, in order of preference.
ENCODERS: dict[str, Callable[[str], bytes]] = {"image/svg+xml": str.encode, "application/pdf": pdf, "image/png": png}
SUFFIXES = {"image/svg+xml": ".svg", "application/pdf": ".pdf", "image/png": ".png"}


class sepviz_figure(nodes.General, nodes.Element):  # noqa: N801 - a node is named as its tag
    """The place of a figure: its name `figure`, its `parameters` and `alt`."""


def _parse_flag(value: str | None) -> str:
    """The value of a boolean option; "true" where it has none."""
    return value.strip() if value else "true"


def _parse_align(value: str | None) -> str:
    return directives.choice(value or "", ("left", "center", "right"))


class SepvizDirective(SphinxDirective):
    """`.. sepviz:: separable`, with options for each parameter of the layer and figure, and those of docutils."""

    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {
        **{
            name: _parse_flag if schema.get("type") == "boolean" else directives.unchanged
            for name, schema in properties(FigureSpec).items()
        },
        "alt": directives.unchanged,
        "caption": directives.unchanged,
        "align": _parse_align,
        "class": directives.class_option,
        "name": directives.unchanged,
    }

    def run(self) -> list[Node]:
        """The node of the figure, inside a `figure` of docutils where it has a caption."""
        name = self.arguments[0]
        parameters = {key: value for key, value in self.options.items() if key in FigureSpec.model_fields}
        try:
            alt = draw_figure(name, parameters.items()).alt
        except SepvizError as error:
            raise self.error(f"sepviz {name}: {error}") from None
        image = sepviz_figure(figure=name, parameters=parameters, alt=self.options.get("alt", alt))
        self.set_source_info(image)
        node: Element = image
        if "caption" in self.options:
            inlines, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            node = nodes.figure("", image, nodes.caption(self.options["caption"], "", *inlines), *messages)
            self.set_source_info(node)
        if "align" in self.options:
            node["align"] = self.options["align"]
        node["classes"] += self.options.get("class", [])
        self.add_name(node)
        return [node]


class DrawFigures(SphinxPostTransform):
    """Replaces every `sepviz_figure` by an image in a format of the builder."""

    default_priority = 8

    def run(self, **_: Any) -> None:
        """Draw the figures of one page."""
        for node in list(self.document.findall(sepviz_figure)):
            image = nodes.image(uri="", alt=node["alt"], candidates={"?": ""}, classes=node["classes"], ids=node["ids"])
            if "align" in node:
                image["align"] = node["align"]
            media_type = next((each for each in ENCODERS if each in self.app.builder.supported_image_types), None)
            if media_type is not None:
                try:
                    image["uri"] = self._write(node, media_type)
                except ExportUnavailable as error:
                    logger.warning("sepviz %s: %s", node["figure"], error, location=node)
            node.replace_self(image)

    def _write(self, node: sepviz_figure, media_type: str) -> str:
        """The path of the image: it is named by its hash and written where the builder would copy it to."""
        image = ENCODERS[media_type](draw_figure(node["figure"], node["parameters"].items()).svg)
        digest = blake2b(image, digest_size=8).hexdigest()
        builder = self.app.builder
        path = Path(builder.outdir, builder.imagedir, f"sepviz-{node['figure']}-{digest}{SUFFIXES[media_type]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
        builder.images[str(path)] = path.name
        return str(path)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension with Sphinx."""
    app.add_node(sepviz_figure)
    app.add_directive("sepviz", SepvizDirective)
    app.add_post_transform(DrawFigures)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}

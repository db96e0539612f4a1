"""Whose a figure is and where it is to be had, in the words of Dublin Core and Creative Commons."""

from xml.sax.saxutils import escape

_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:cc="http://creativecommons.org/ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def metadata(title: str, address: str) -> str:
    """The element `metadata`: CC0, the title, and the figure's own address."""
    facts = (
        f"<dc:format>image/svg+xml</dc:format><dc:title>{escape(title)}</dc:title>"
        f"<dc:identifier>{escape(address)}</dc:identifier>"
    )
    work = f'<cc:Work rdf:about="">{facts}<cc:license rdf:resource="{_LICENCE}"/></cc:Work>'
    return f"<metadata><rdf:RDF {_NAMESPACES}>{work}</rdf:RDF></metadata>"

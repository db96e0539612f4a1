"""A figure's licence and address, in the vocabularies of Dublin Core and Creative Commons."""

from xml.etree import ElementTree as ET

_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_NAMESPACES = {
    "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmlns:cc": "http://creativecommons.org/ns#",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
}


def metadata(title: str, address: str) -> ET.Element:
    """The content of the element `metadata`: CC0, the title, and the figure's own address."""
    rdf = ET.Element("rdf:RDF", _NAMESPACES)
    work = ET.SubElement(rdf, "cc:Work", {"rdf:about": ""})
    for name, text in (("format", "image/svg+xml"), ("title", title), ("identifier", address)):
        ET.SubElement(work, f"dc:{name}").text = text
    ET.SubElement(work, "cc:license", {"rdf:resource": _LICENCE})
    return rdf

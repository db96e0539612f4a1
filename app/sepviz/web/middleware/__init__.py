"""ASGI middleware, outermost first in `sepviz.web.app`."""

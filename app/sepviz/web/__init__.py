"""The HTTP side: app, server, settings, middleware, routes and pages."""

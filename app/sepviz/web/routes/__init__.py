"""The routes: parse, call, respond."""

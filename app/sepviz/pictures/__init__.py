"""Uploaded pictures: decoded in a sandbox, corrected for colour, cut, and kept for a while."""

"""Sepviz: see what a separable convolution does, stage by stage."""

__version__ = "0.3.0"

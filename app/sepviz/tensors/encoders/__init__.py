"""Tensors in, `Encoded` out: PNG, SVG, safetensors and NPZ."""

"""Correlations of channels."""

import torch


def correlations(channels: torch.Tensor) -> torch.Tensor:
    """Absolute correlations of all pairs, 0 of a channel with itself."""
    flat = channels.reshape(len(channels), -1).double()
    flat = flat - flat.mean(1, keepdim=True)
    flat = flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return (flat @ flat.T).abs().fill_diagonal_(0)

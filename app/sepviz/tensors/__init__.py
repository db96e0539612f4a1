"""Everything that needs torch: inputs, weights, convolutions, the trace and its encoders."""

"""The stores of uploaded content: one for whatever is uploaded, in memory or in Redis."""

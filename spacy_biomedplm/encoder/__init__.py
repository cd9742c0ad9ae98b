"""The shared encoder: documents in, one vector per token out."""

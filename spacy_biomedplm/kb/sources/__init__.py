"""Readers of the sources of knowledge bases, one file for each format."""

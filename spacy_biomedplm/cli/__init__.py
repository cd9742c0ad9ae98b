"""The console command ``biomedplm``; importing it loads neither spaCy nor torch."""

from spacy_biomedplm.cli.app import app, main

__all__ = ["app", "main"]

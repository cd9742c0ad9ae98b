"""Puts the commands under ``python -m spacy biomedplm``: spaCy imports this module through the group spacy_cli."""

from spacy.cli._util import app as spacy_app

from spacy_biomedplm.cli.app import app

spacy_app.add_typer(app, name="biomedplm")

__all__ = ["app"]

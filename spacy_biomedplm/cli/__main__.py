"""``python -m spacy_biomedplm.cli``: the console command where it is not on the path."""

from spacy_biomedplm.cli.app import main

main()

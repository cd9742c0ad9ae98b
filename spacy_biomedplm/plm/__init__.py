"""Language models of the field: the catalogue of them, pre-training, vocabularies."""

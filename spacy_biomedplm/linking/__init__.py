"""Entity linking: concepts of a knowledge base for the entities of a document."""

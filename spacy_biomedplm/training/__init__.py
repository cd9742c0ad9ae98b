"""What `spacy train` needs for training that is usable on a small CPU: corpora, batches, progress, checkpoints."""

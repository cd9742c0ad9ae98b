"""Entity recognition: one head per annotation guideline on a shared encoder."""

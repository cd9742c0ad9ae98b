"""Views of documents: highlighted entities as a page, and the colours of their labels."""

"""Abbreviations with their long forms as a text defines them, and hyponyms by Hearst's patterns."""

"""Relations between mentions and between concepts: which pairs there may be, what they are, how that is learned."""

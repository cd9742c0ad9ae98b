"""Events: triggers, roles, which roles together are an event, and how that is learned."""

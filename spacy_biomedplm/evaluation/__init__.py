"""Scorers of the field's tasks: each with its exact rule, agreeing with the task's own program where that is public."""

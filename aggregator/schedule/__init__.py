"""When to poll: pure functions from what is known to the next moment, with the reason."""

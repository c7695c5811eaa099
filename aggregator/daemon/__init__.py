"""The running program: what polls, serves and writes until it is told to stop."""

"""A feed aggregator daemon: sources go in, feeds come out.

The folders are the pipe, in order: schedule, fetch, parse, refine, store, publish, serve.
"""

__version__ = "0.3.0"

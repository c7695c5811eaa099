"""Which source is whose to poll, and until when: in memory for one process, in rows for several."""

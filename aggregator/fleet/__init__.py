"""The roles of a fleet: processes that share one database on PostgreSQL, and its queue of jobs."""

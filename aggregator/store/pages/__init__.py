"""What people look at: the river, how sources fare, what is known of an entry."""

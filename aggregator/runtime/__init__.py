"""What Python itself costs: values that are cheap to define, names looked up when asked for."""

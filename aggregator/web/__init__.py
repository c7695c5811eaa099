"""What all stages share about addresses and text; it knows nothing of feeds."""

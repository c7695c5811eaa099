"""What is forgotten in time, and whether what is left is whole and how large it is."""

"""The tables, as the sum of their migrations, and what an upgrade makes of earlier ones."""

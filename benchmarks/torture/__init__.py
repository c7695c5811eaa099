"""Attacks on a running daemon: kills, disks in trouble, clocks that jump, a long life, readers."""

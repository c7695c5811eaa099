"""How fast it is: beside its peers, beside what the machine can do, and as it grows."""

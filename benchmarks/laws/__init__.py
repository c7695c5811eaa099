"""The subscriber's laws, tried at random: `python -m benchmarks.laws`."""

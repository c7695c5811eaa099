"""How well stories are told apart: labelled pairs, and a stream of headlines."""

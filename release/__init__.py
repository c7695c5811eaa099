"""What a release needs besides the program: hashes of what is installed, and an audit of it."""

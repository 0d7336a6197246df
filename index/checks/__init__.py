"""What a build checks of an index in any engine: what its legs are worth, and that it finds what it held."""

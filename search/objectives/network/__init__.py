"""klayer's own k-layer network, its data, and all that only it has."""

"""The objective that trains by calling a function of the user's, in the user's own interpreter."""

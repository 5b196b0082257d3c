"""What training of the user's own declares in its study file, whether a command or a function."""

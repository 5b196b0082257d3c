"""What is timed: the first of a module's `steps` prepares, each further one works."""

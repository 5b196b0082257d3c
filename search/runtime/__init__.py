"""What a process runs on: BLAS kernels, environment, passwords, its title, numbers as text."""

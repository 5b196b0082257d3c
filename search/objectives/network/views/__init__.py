"""What people see of the network alone: widths, weights, gradients, and the trained winner."""

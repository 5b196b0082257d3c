"""The port between what searches and what is trained."""

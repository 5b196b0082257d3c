"""The study files that ship with klayer: one TOML file an experiment, found by its name."""

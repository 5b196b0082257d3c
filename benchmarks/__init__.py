"""Benchmarks: klayer beside its peers on this machine, in one run (`make bench`).

A part of the project's checkout, not of the installed application: `python -m benchmarks`.
"""

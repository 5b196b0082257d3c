"""Plots of a search: pure functions from values to Plotly figures.

Pages, reports, optuna-dashboard and `klayer plot` show the same ones. Nothing here reads a database
or writes a file, and no figure has a trace a trial: what there is too much of is binned.
"""

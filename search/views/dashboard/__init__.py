"""What a browser sees: our own pages and Optuna's dashboard, behind one server that guards both.

Its libraries are an extra: what imports them is imported when a dashboard is asked for.
"""

"""A search as one file that needs no network and no server: for those who were not there."""

from search.views.report.report import write_report

__all__ = ["write_report"]

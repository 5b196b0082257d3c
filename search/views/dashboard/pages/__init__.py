"""klayer's own pages: all searches, one search, one trial, two searches beside each other.

Dash draws them; what they show comes from `search.views.reading`, and every plot from
`search.views.plots`. They refresh while trials come in, without being loaded again.
"""

from search.views.dashboard.pages.app import Pages, pages_app

__all__ = ["Pages", "pages_app"]

"""Where events go: disk first, then the case API."""

"""The plain page at `/`: the newest incidents, rendered on the server."""

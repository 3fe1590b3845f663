"""Processes that read streams, run vision, keep evidence and send events."""

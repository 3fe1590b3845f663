"""What is kept for responsibility and time: all SQL of `api.duty`."""

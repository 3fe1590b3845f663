"""Drawn films with known truth, and a small RTSP server that replays films."""

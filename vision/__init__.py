"""Pure computer vision: arrays in, arrays out. No file, no network, no clock."""

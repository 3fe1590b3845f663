"""Models: manifest, cards, small ONNX weights, and how they are made and measured."""

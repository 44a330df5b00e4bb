"""Sentence encoders on ONNX Runtime."""

"""The action server: one module a topic. It needs no TensorFlow and never imports rasa."""

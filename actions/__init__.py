"""The topics' actions, one module per topic, written for rasa_sdk; they never import rasa."""

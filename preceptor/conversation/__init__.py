"""What a conversation is made of, without Rasa, a database or a channel."""

"""What the channels remember beyond a conversation's tracker: histories, deliveries, ratings."""

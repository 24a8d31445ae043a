"""What the documents say is so: their examples run, their lists are complete, their patches apply."""

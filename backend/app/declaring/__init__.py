"""`make declare`: from a db.json to the code of resources that serve it, once. No server and no other room needs it."""

"""Who signs in with a password: accounts, sessions, and what holds up those who guess."""

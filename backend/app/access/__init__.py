"""Who asks, and what they may: keys of this server's own, tokens of an issuer, people who sign in."""

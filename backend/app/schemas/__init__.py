"""Wire shapes: names, rules and types of what comes in as JSON."""

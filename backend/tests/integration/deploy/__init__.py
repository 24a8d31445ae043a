"""What deploys the project: the Blueprints, the container files, and the commands in them, really run."""

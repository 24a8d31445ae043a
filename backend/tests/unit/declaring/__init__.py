"""`make declare`: evidence, names, the text that is written, without a file or a database."""

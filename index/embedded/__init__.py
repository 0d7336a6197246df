"""The engine in a folder: reader, writer, commits."""

"""What a server needs beside questions and answers, and no web framework: keys, the journal and its writer, logs."""

"""What the commands write: figures to standard output, progress to standard error."""

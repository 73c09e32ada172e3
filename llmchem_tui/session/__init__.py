"""The protocol of a round: asynchronous; knows no vendor, file or widget."""

"""One wire format each; none knows another."""

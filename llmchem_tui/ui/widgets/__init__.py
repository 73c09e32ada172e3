"""The panes. Data goes down to them, messages come up; none looks at another."""

"""Templates: Jinja's syntax, compiled with contextual escaping by a dialect (design §5)."""

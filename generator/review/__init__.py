"""What a reviewer asks: where a value comes from and goes to, what a change moved and why."""

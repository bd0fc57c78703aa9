"""Pins: what the lock holds, what the catalogue knows, what profiles want."""

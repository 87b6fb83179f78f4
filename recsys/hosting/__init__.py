"""Processes that answer HTTP: what starts and restarts them, and the endpoint's own way of reading and writing."""

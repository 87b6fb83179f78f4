"""Recommenders behind one small protocol, and choosing among them."""

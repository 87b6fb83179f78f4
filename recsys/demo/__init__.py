"""The demonstration: a real shop, a story told in its draft, and the servers started together."""

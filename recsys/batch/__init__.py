"""A run from start to finish: split, fit, gate, candidates, snapshot; no database."""

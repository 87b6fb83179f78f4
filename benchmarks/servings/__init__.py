"""The parts of the serving benchmarks: a synthetic shop, the contestants, the load, the page."""

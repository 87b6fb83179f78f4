"""Spark as a second trainer: the same run, with the heavy work done by a cluster. Only `cluster` knows pyspark."""

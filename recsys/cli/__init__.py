"""The command line: `recsys …`."""

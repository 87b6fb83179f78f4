"""The artefact of a run on disk: written whole or not at all, verified once, memory-mapped ever after."""

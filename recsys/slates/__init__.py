"""Release, catalog and overlays compiled in memory into what merge reads; shared by serving and preview."""

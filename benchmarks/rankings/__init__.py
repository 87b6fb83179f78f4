"""Parts of the ranking benchmark."""

"""The curation desk: where people see, change and publish what the recommender shows."""

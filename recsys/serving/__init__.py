"""The endpoint that storefronts call."""

"""Reading catalogs, interactions and segments; the interaction store; what models are trained on."""

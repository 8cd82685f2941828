"""Features and a model's view become a score, a tier and reasons. Pure."""

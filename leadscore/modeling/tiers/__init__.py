"""A column of three tiers, best first, becomes a model that gives each lead a tier and the confidence in it."""

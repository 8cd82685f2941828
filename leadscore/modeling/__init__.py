"""Features and outcomes become a calibrated, explained model. Pure."""

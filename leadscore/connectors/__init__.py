"""Other systems: CRMs and language models."""

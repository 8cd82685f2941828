"""Language models: one that is part of the installation, and any server that speaks the OpenAI protocol."""

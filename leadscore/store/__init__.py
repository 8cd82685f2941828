"""Everything that is kept: tables, transactions, encrypted personal data, the audit chain, model files."""

"""A model becomes files that cannot execute, a proof of what it says, and a card to print; and back again."""

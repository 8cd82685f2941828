"""The use cases, one function each: read, compute, write. They never import each other."""

"""The resources of the work and the money."""

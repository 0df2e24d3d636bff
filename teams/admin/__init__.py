"""The desk's pages of the people."""

from teams.admin import batches, persons, postings

__all__ = ["batches", "persons", "postings"]

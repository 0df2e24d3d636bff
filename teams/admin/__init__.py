"""The desk's pages of the people."""

from teams.admin import batches, erasures, numbers, persons, postings

__all__ = ["batches", "erasures", "numbers", "persons", "postings"]

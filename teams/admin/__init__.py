"""The desk's pages of the people."""

from teams.admin import batches, endings, extensions, leaves, persons, postings

__all__ = ["batches", "endings", "extensions", "leaves", "persons", "postings"]

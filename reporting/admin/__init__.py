"""The desk's pages of the roof."""

from reporting.admin import boards, editions

__all__ = ["boards", "editions"]

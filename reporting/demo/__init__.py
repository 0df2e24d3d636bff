"""The demo ledger: invented projects, money and people at the published magnitudes.

Everything is entered through the true verbs, at simulated instants, so the rows keep every rule and
reports of past months count what was known by then. Every name says 演示 (demo).
"""

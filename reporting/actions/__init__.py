"""The verbs of the roof: editions, mail, definitions."""

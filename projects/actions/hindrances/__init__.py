"""What can stand in the way of a step: one function for each rule, told to who asks for the step
and to who wonders why they cannot.

Each looks at a project at an instant and answers with the refusal, or with None.
"""

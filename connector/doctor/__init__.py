"""Find out what is wrong with a set-up, why it matters, and what exactly mends it.

`examine` looks at everything once and gives facts; each check is a pure function from facts to findings.
"""

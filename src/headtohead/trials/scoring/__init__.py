"""How an answer is judged: by a rule, by another model in both orders, or by people who vote."""

"""The medicine: facts, the timeline, the closed vocabulary, rules and their one evaluator (standard library only)."""

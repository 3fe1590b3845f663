"""Review items, verdicts, cases, reports and audit looks: what people decide, and what follows from it."""

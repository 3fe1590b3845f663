"""The case API: events, evidence, queries, storage. It never touches pixels."""

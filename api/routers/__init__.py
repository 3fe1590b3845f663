"""One router per resource: parse, call the store, return."""

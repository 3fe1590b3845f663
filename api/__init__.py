"""The case API: takes events and evidence in, keeps them, answers queries, shows a page."""

"""Responsibility and time: clocks, reminders, guiding points, evaluation; nothing is kept here."""

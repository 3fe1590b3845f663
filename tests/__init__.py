"""A package, so that no package of the same name that others ship is taken for it."""

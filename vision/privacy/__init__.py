"""Nobody recognisable leaves a worker: the mask pass and the zones that are never looked at."""

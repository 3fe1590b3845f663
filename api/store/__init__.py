"""Everything that is kept: events, incidents, camera health, keys and evidence.

The rest of the API calls these functions and never sees SQL, so that another database can stand
behind the same functions later.
"""

from api.store.opening import Store, open_store

__all__ = ["Store", "open_store"]

"""`python -m api`: the API with settings from the environment."""

import logging

from api.serve import run
from api.settings import ApiSettings

__all__ = ["run"]

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run(ApiSettings())

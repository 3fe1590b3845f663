"""Writes the OpenAPI document that the console's client is made from: `python -m api.openapi_export`."""

import json
import tempfile
from pathlib import Path

from api.main import create_app
from api.settings import ApiSettings
from api.store import open_store

__all__ = ["PATH", "document_text", "write_document"]

PATH = Path(__file__).parent.parent / "web" / "openapi.json"


def document_text() -> str:
    """The document as it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        store = open_store(data_dir)
        try:
            document = create_app(ApiSettings(data_dir=data_dir), store).openapi()
        finally:
            store.close()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_document(path: Path = PATH) -> None:
    """Write the document to its place."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(document_text(), encoding="utf-8")


if __name__ == "__main__":
    write_document()

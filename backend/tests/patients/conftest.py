"""The shipped application in this process, on a table of its own."""

from tests.integration.conftest import client, module_client, table

__all__ = ["client", "module_client", "table"]

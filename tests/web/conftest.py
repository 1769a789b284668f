"""Every site of the tests gives the answers of the built-in evidence that are kept for all."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _kept(kept_facts: None) -> None:
    """As other modules name `kept_facts`."""

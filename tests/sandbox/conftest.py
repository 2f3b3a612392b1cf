"""A sandbox and a listening product for each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sandbox.world import Product, World, a_product, a_world


@pytest.fixture
def product() -> Iterator[Product]:
    with a_product() as product:
        yield product


@pytest.fixture
def world(product: Product) -> Iterator[World]:
    with a_world(product) as world:
        yield world

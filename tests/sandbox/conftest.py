"""A sandbox and a listening product for each test."""

from collections.abc import Iterator

import pytest

from tests.sandbox.world import Product, World, a_product, a_world


@pytest.fixture
def product() -> Iterator[Product]:
    with a_product() as product:
        yield product


@pytest.fixture
def world(product: Product) -> Iterator[World]:
    with a_world(product) as world:
        yield world

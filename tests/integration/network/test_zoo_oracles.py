"""Many small networks (tests/support/network/recipes), each compared with the real tools in all that they say of it."""

import sys
import unittest

from tests.support import namespace_zoo as zoo_module
from tests.support.network import parts as network_parts
from tests.support.network.oracle import ALL, NetworkOracle
from tests.support.network.recipes import ALL as RECIPES
from tests.support.service import Service

# What is fewer on a kernel that knows less is skipped; but not this many.
FEWEST = 50


class ZooOracles(zoo_module.ZooCase):
    maxDiff = None

    def test_all_recipes(self):
        service = self.enterContext(Service())
        oracle, missing = NetworkOracle(service), {}
        other = self.zoo.add("other")
        for recipe in RECIPES:
            with self.subTest(recipe.name):
                namespace = recipe.make(self.zoo, other)
                if namespace is None:
                    missing[recipe.name] = recipe.missing
                    continue
                self.check(oracle, recipe, namespace)
        made = len(RECIPES) - len(missing)
        print(f"\n{oracle.table()}\n{made} networks of {len(RECIPES)}; this kernel cannot make:", file=sys.stderr)
        for name, why in missing.items():
            print(f"  {name}: {why}", file=sys.stderr)
        self.assertGreaterEqual(made, FEWEST)

    def check(self, oracle, recipe, namespace):
        if recipe.program is None:
            text = repr(oracle.check(self, namespace, *ALL))
        else:
            with network_parts.Program(namespace, recipe.program):
                text = repr(oracle.check(self, namespace, *ALL))
        for piece in recipe.shows:
            self.assertTrue(piece in text, f"the network has lost its point: {piece}")


if __name__ == "__main__":
    unittest.main()

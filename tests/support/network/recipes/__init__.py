"""Many small networks, for comparing what is said of them with the real tools."""

from tests.support.network.recipes import addresses, links, routes, traffic

ALL = (*links.RECIPES, *addresses.RECIPES, *routes.RECIPES, *traffic.RECIPES)

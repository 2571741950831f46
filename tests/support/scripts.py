"""Loads the scripts of tools/ and bench/, which have no suffix, as modules."""

import importlib.machinery
import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_script(name):
    """The script `name` (from the root) as a module of its own; what stands under `__main__` does not run."""
    path = ROOT / name
    # As where it is run from: what scripts share stands beside them.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    loader = importlib.machinery.SourceFileLoader(path.name.replace("-", "_"), str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module

"""Plain Python functions in, one compiled module out.

The fold, the features and every helper they call are ordinary typed functions. `build`
collects them from the functions it is given, writes them as one real module and lets numba
compile it. A function made with `exec` cannot be cached across processes, and numba's own cache
watches only the file a function stands in, so an edited helper in another file would silently
keep its old values. Here the module's name *is* a hash of all the code it holds, of numba's
version and of the processor, so edited code is another module.

The modules live in the user's cache folder (`WILLBUY_CACHE`, else `XDG_CACHE_HOME`, else
`~/.cache`), in a folder only the user can enter.
"""

from __future__ import annotations

import ast
import builtins
import enum
import hashlib
import importlib.util
import inspect
import math
import os
import re
import stat
import sys
import tempfile
import textwrap
import threading
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from willbuy.errors import WillbuyError

Function = Callable[..., Any]

_PACKAGE = __name__.split(".")[0]
_OUT_OF_REACH = ("slots", "entries", "answers")
_BUILDING = threading.Lock()  # a module is in sys.modules before it is whole


def build(
    roots: Mapping[str, Function],
    replace: Mapping[Function, tuple[str, list[Function]]] = {},
    *,
    allocates: bool = False,
) -> types.ModuleType:
    """Compile functions, and all they call, into one cached module.

    Args:
        roots: Name in the module → plain function. These are cached on disk and release the GIL;
            what they call is compiled into them.
        replace: Function → (source of the body that takes its place, the functions that the
            source calls under their own unique names, see `unique_name`).
        allocates: Whether a function makes arrays. Where none does, no references to arrays are
            counted, which takes half of the time where small functions hand them on. (A user's
            feature may always make arrays.)

    Returns:
        The module; each root is a numba dispatcher under its name. Compilation happens on the
        first call with given types.

    Raises:
        WillbuyError: A function uses something that cannot be compiled (a closure, an object
            that is not a number, function or module).
    """
    with _BUILDING:
        collector = _Collector(replace, allocates)
        for name, function in roots.items():
            collector.add(function)
            if unique_name(function) != name:
                collector.aliases[name] = unique_name(function)
        return _load(collector.source(set(map(unique_name, roots.values()))))


def unique_name(function: Function) -> str:
    """The name of a function inside a compiled module: its module's path and its own name."""
    return re.sub(r"\W", "_", f"{function.__module__}_{function.__qualname__}")


def _is_foreign(function: Function) -> bool:
    return not function.__module__.startswith(_PACKAGE + ".")


def cache_folder() -> Path:
    """The private folder for compiled code; made when it is not there.

    Compiled code is run when it is loaded. So the folder must be the user's own, and neither it
    nor the one it stands in may be open to others to write; where it cannot be had, a fresh
    temporary folder serves.

    Raises:
        WillbuyError: The folder is somebody else's, or others can write to it.
    """
    named = os.environ.get("WILLBUY_CACHE")
    base = (
        Path(named)
        if named
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "willbuy"
    )
    folder = base / "compiled"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="willbuy-"))
    for one in (base, folder):
        found = one.lstat()
        own = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if not (own and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022):
            raise WillbuyError(
                f"The cache folder {one} is not safe: it must be a folder of your own that nobody "
                "else can write to. Mend it, or set WILLBUY_CACHE to another one."
            )
    folder.chmod(0o700)
    return folder


class _Collector:
    """Gathers the functions reachable from the roots, in the order they are needed."""

    def __init__(
        self, replace: Mapping[Function, tuple[str, list[Function]]], allocates: bool
    ) -> None:
        self.replace = replace
        self.allocates = allocates
        self.imports: dict[str, str] = {}
        self.bodies: dict[str, str] = {}
        self.foreign: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.constants: dict[str, str] = {}

    def add(self, function: Function) -> str:
        name = unique_name(function)
        if name in self.bodies:
            return name
        self.bodies[name] = ""  # holds the place while what it calls is collected
        if function in self.replace:
            source, called = self.replace[function]
            for other in called:
                self.add(other)
            body = source
        else:
            body = self._rewritten(function)
        del self.bodies[name]  # callees come first
        self.bodies[name] = body
        if _is_foreign(function):
            self.foreign.add(name)
        return name

    def _rewritten(self, function: Function) -> str:
        if inspect.getclosurevars(function).nonlocals:
            raise WillbuyError(
                f"{function.__qualname__} uses variables of an enclosing function; pass them as "
                "arguments or make them module-level constants."
            )
        try:
            text = textwrap.dedent(inspect.getsource(function))
        except OSError as problem:
            raise WillbuyError(
                f"The source of {function.__qualname__} is not there; features must stand in a "
                "file, not be typed into a prompt."
            ) from problem
        tree = ast.parse(text).body[0]
        if not isinstance(tree, ast.FunctionDef):
            raise WillbuyError(f"{function.__qualname__} is not a plain function (def ...).")
        tree = _Rewriter(self, function, _own_names(tree)).visit(tree)
        tree.name = unique_name(function)
        return ast.unparse(ast.fix_missing_locations(tree))

    def source(self, roots: set[str]) -> str:
        lines = ["from numba import njit", *(f"{line}" for line in self.imports.values())]
        for name, body in self.bodies.items():
            options = []
            if name in roots:
                options += ["cache=True", "nogil=True"]
            else:
                # Called from compiled code only; the wrappers would double the compile time.
                options += ["no_cpython_wrapper=True", "no_cfunc_wrapper=True"]
            if name in self.foreign:
                options += ["boundscheck=True", "_nrt=True"]  # else it is as its caller is
            elif not self.allocates:
                options += ["_nrt=False"]
            lines.append(f"\n\n@njit({', '.join(options)})\n{body}")
        lines += [f"{alias} = {name}" for alias, name in self.aliases.items()]
        return "\n".join(lines) + "\n"


class _Rewriter(ast.NodeTransformer):
    """Strips what numba does not need and makes every global name unique or constant."""

    def __init__(self, collector: _Collector, function: Function, local: set[str]) -> None:
        self.collector = collector
        self.function = function
        self.local = local
        self.foreign = _is_foreign(function)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        node.returns = None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)
        return self.generic_visit(plain)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id not in self.local:
            owner = self.function.__globals__.get(node.value.id)
            if isinstance(owner, type) and issubclass(owner, enum.Enum):
                return ast.Constant(owner[node.attr].value)
        if self.foreign and node.attr in _OUT_OF_REACH:
            raise WillbuyError(
                f"{self.function.__qualname__} uses .{node.attr}, which holds days to come; ask "
                "the shop with window(shop, TABLE, key, days)."
            )
        self._check_given(node)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self._check_given(node)
        self.generic_visit(node)
        return node

    def _check_given(self, node: ast.Attribute | ast.Subscript) -> None:
        """Refuse that a function of a user's changes what it is given: others read it, too."""
        if not self.foreign or not isinstance(node.ctx, ast.Store):
            return
        root: ast.expr = node
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name) and root.id in inspect.signature(self.function).parameters:
            raise WillbuyError(
                f"{self.function.__qualname__} changes {root.id}; features only read what they "
                "are given."
            )

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = isinstance(node.func, ast.Name) and isinstance(
            self.function.__globals__.get(node.func.id), types.FunctionType
        )
        self.generic_visit(node)
        if called:
            # Numba compiles a function anew for every literal it is called with.
            node.args = [self._plain_int(arg) for arg in node.args]
        return node

    def _plain_int(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            self.collector.imports["numpy"] = "import numpy as numpy"
            return ast.Call(
                ast.Attribute(ast.Name("numpy", ast.Load()), "int64", ast.Load()), [node], []
            )
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.local or not isinstance(node.ctx, ast.Load):
            return node
        scope = self.function.__globals__
        if node.id not in scope:
            if hasattr(builtins, node.id):
                return node
            raise WillbuyError(
                f"{self.function.__qualname__} uses the name {node.id!r}, which is not defined "
                f"in {self.function.__module__}."
            )
        return self._global(node, scope[node.id])

    def _global(self, node: ast.Name, value: object) -> ast.AST:
        if isinstance(value, types.FunctionType):
            return ast.Name(self.collector.add(value), ast.Load())
        if isinstance(value, types.ModuleType):
            alias = value.__name__.replace(".", "_")  # others may call another module the same
            self.collector.imports[alias] = f"import {value.__name__} as {alias}"
            return ast.Name(alias, ast.Load())
        if isinstance(value, enum.Enum):
            return ast.Constant(value.value)
        if isinstance(value, np.number):
            self.collector.imports["numpy"] = "import numpy as numpy"
            return _expression(f"numpy.{value.dtype.name}({_written(value.item())})")
        if isinstance(value, (bool, int, float, str)):
            return _expression(_written(value))
        if isinstance(value, type) and hasattr(value, "_fields"):
            self.collector.imports[node.id] = (
                f"from {value.__module__} import {value.__name__} as {node.id}"
                f"  # {', '.join(value._fields)}"
            )
            return node
        raise WillbuyError(
            f"{self.function.__qualname__} uses {node.id!r}, a {type(value).__name__}; compiled "
            "features may use numbers, functions and modules such as math and numpy."
        )


def _own_names(tree: ast.AST) -> set[str]:
    """The names that a function gives a value itself: arguments, variables, loop variables."""
    given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return given | {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _written(value: bool | int | float | str) -> str:
    finite = isinstance(value, str) or math.isfinite(value)
    return repr(value) if finite else f"float('{value}')"


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _load(source: str) -> types.ModuleType:
    import numba
    from llvmlite import binding

    salt = (
        f"{numba.__version__} {sys.version_info[:3]} {binding.get_host_cpu_name()} "
        f"{binding.get_host_cpu_features().flatten()}"
    )
    digest = hashlib.sha256(f"{salt}\n{source}".encode()).hexdigest()[:20]
    name = f"willbuy_compiled_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    if not path.exists() or path.read_text("utf-8") != source:
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(source, "utf-8")
        temporary.replace(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def is_cached(module: types.ModuleType) -> bool:
    """Whether a module of `build` was compiled before on this machine (a guess for messages)."""
    assert module.__file__ is not None
    path = Path(module.__file__)
    return any((path.parent / "__pycache__").glob(f"{path.stem}.*.nbi"))

"""The rules of the house that a machine can check: import direction, import cost, names, documentation."""

import ast
import importlib
import json
import socket
import subprocess
import sys
import typing
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest

import spacy_biomedplm

PACKAGE = Path(spacy_biomedplm.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
MAX_IMPORT_SECONDS = 1.0

# docs/decisions.md: a module imports from its own folder and from lower levels only.
LEVELS = (
    {"about", "errors", "types", "compat", "event_order"},
    {"annotations"},
    {
        "attributes",
        "scoring",
        "tokenization",
        "sentences",
        "concepts",
        "bioc_model",
        "pairs",
        "xml_stream",
        "fingerprints",
        "given",
    },
    {"documents", "medline", "held_out", "event_ids"},
    {"layers", "corpora", "writers", "inputs"},
    {"encoder", "kb", "formats"},
    {"index", "abbreviations"},
    {"ner", "linking", "relations", "events", "plm"},
    {"training", "evaluation", "export", "visual"},
    {"cli", "serve", "parallel"},
)
LEVEL_OF = {unit: level for level, units in enumerate(LEVELS) for unit in units}
# tokenizers and transformers raise the bare class for damaged files.
MAY_CATCH_ALL = {PACKAGE / "encoder" / "loading.py"}
UNPICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

per_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf8"), str(path))


def unit_of(path: Path) -> str:
    """Name of the top-level folder or module of a file; "" for the package's own __init__."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def iter_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def iter_public_functions(tree: ast.AST) -> Iterator[FunctionNode]:
    """Public functions and methods of public classes, without nested and overloaded ones."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from iter_public_functions(node)
        elif isinstance(node, FunctionNode) and not node.name.startswith("_"):
            yield node


def run_python(code: str) -> str:
    """Output of a fresh interpreter, outside the source tree's folder, that must exit with 0."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=PACKAGE.root)
    assert result.returncode == 0, result.stderr
    return result.stdout


def list_entry_points() -> list[EntryPoint]:
    """Entry points of the installed package; after a change of setup.py it has to be installed again."""
    return list(distribution("spacy-biomedplm").entry_points)


@per_file
def test_house_imports_lower_levels_only(path: Path) -> None:
    unit = unit_of(path)
    assert unit == "" or unit in LEVEL_OF, f"give '{unit}' a level in LEVELS"
    for line, name in iter_imports(parse(path)):
        root, target, *_ = [*name.split("."), ""]
        if root != "spacy_biomedplm" or target == unit or unit == "":
            continue
        assert target in LEVEL_OF, f"{path}:{line}: import from the module that defines it, not {name}"
        assert LEVEL_OF[target] < LEVEL_OF[unit], f"{path}:{line}: '{unit}' imports {name}"


@per_file
def test_house_imports_transformers_in_functions_only(path: Path) -> None:
    names = [(line, name) for line, name in iter_imports(parse(path)) if name.split(".")[0] == "transformers"]
    allowed = unit_of(path) == "plm" or path == PACKAGE / "encoder" / "loading.py"
    assert allowed or not names, f"{path}: only encoder/loading.py and plm/ import transformers: {names}"
    functions = [node for node in ast.walk(parse(path)) if isinstance(node, FunctionNode)]
    inside = {line for function in functions for line, _ in iter_imports(function)}
    assert {line for line, _ in names} <= inside, f"{path}: import transformers inside a function"


@per_file
def test_house_never_unpickles(path: Path) -> None:
    for line, name in iter_imports(parse(path)):
        assert name.split(".")[0] not in UNPICKLERS, f"{path}:{line}: imports {name}"
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("torch", "load"), f"{path}:{node.lineno}: torch.load"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert getattr(node.value, "value", True) is False, f"{path}:{node.value.lineno}: allow_pickle"


@per_file
def test_house_registers_extensions_in_attributes_only(path: Path) -> None:
    calls = [node.lineno for node in ast.walk(parse(path)) if getattr(node, "attr", "") == "set_extension"]
    assert not calls or path == PACKAGE / "attributes.py", f"{path}: set_extension in lines {calls}"


@per_file
def test_house_catches_named_exceptions_only(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path}:{node.lineno}: bare except"
            caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
            assert "Exception" not in caught or path in MAY_CATCH_ALL, f"{path}:{node.lineno}: except Exception"


@per_file
def test_house_files_are_short(path: Path) -> None:
    if path != PACKAGE / "errors.py":  # a table, not code
        assert len(path.read_text(encoding="utf8").splitlines()) <= MAX_LINES


@per_file
def test_house_public_functions_are_documented(path: Path) -> None:
    tree = parse(path)
    assert not tree.body or ast.get_docstring(tree), f"{path}: no docstring of the module"
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path}:{node.lineno}: no docstring of {node.name}"
    for function in iter_public_functions(tree):
        assert ast.get_docstring(function), f"{path}:{function.lineno}: no docstring of {function.name}"


@per_file
def test_house_functions_are_annotated(path: Path) -> None:
    for function in ast.walk(parse(path)):
        if not isinstance(function, FunctionNode):
            continue
        where = f"{path}:{function.lineno}: {function.name}"
        assert function.returns is not None, f"{where} has no return type"
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        bare = [arg.arg for arg in named if arg and arg.annotation is None and arg.arg not in ("self", "cls")]
        assert not bare, f"{where} has untyped arguments {bare}"


def test_house_registry_names_are_frozen() -> None:
    wanted = json.loads((Path(__file__).parent / "registry_names.json").read_text(encoding="utf8"))
    found: dict[str, list[str]] = {}
    for entry_point in list_entry_points():
        found.setdefault(entry_point.group, []).append(entry_point.name)
    assert {group: sorted(names) for group, names in found.items()} == wanted


@pytest.mark.parametrize("entry_point", list_entry_points(), ids=lambda ep: f"{ep.group}:{ep.name}")
def test_house_entry_points_resolve(entry_point: EntryPoint) -> None:
    found = entry_point.load()
    assert callable(found) or isinstance(found, dict)


@pytest.mark.parametrize("name", spacy_biomedplm.__all__)
def test_house_public_names_resolve(name: str) -> None:
    assert getattr(spacy_biomedplm, name) is not None
    assert name in dir(spacy_biomedplm)


def test_house_unknown_public_name_raises() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        spacy_biomedplm.no_such_name  # noqa: B018 (reading it is the test)


def test_house_registered_annotations_resolve() -> None:
    """One name that does not resolve at run time switches the validation of the whole function off."""
    for entry_point in list_entry_points():
        target = entry_point.load()
        if entry_point.group not in ("console_scripts", "spacy_cli", "spacy_displacy_colors"):
            assert "return" in typing.get_type_hints(target), entry_point.value


def test_house_every_module_imports() -> None:
    for path in FILES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        if parts[-1] != "__main__":
            assert importlib.import_module(name).__name__ == name


def test_house_network_is_off() -> None:
    with pytest.raises(pytest.fail.Exception, match="the network is off"):
        socket.create_connection(("example.invalid", 80), timeout=1)
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="the network is off"):
        client.connect(("192.0.2.1", 80))  # reserved for documentation (RFC 5737)


def test_house_package_import_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import spacy_biomedplm; "
        f"assert time.perf_counter() - start < {MAX_IMPORT_SECONDS}; "
        "print(sorted({'spacy', 'thinc', 'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    assert run_python(code).strip() == "[]"


def test_house_blank_pipeline_imports_no_transformers() -> None:
    """With only this package's entry points: spacy-transformers, where it is installed, imports transformers itself."""
    code = (
        "import sys, catalogue; from importlib.metadata import distribution\n"
        "points = distribution('spacy-biomedplm').entry_points\n"
        "catalogue.AVAILABLE_ENTRY_POINTS = points\n"
        "import spacy; nlp = spacy.blank('en')\n"
        "assert nlp.has_factory('biomedplm_ner')\n"
        "[point.load() for point in points if point.group in ('spacy_factories', 'spacy_cli', 'spacy_tokenizers')]\n"
        "print(sorted({'transformers', 'spacy_transformers', 'huggingface_hub', 'tokenizers'} & set(sys.modules)))"
    )
    assert run_python(code).strip() == "[]"

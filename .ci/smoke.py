"""Use the installed package and the shipped pipeline as a user would: python smoke.py SAMPLE_ABSTRACTS.jsonl.

Run it in a folder outside the source tree, with the interpreter of the environment that they are installed in.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HEAVY = {"spacy", "thinc", "torch", "transformers", "numpy"}


def run(*arguments: str) -> str:
    """Return what this environment's Python prints; stop at an exit code other than 0."""
    result = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=600)
    if result.returncode:
        sys.exit(f"{' '.join(arguments)}\n{result.stdout}\n{result.stderr}")
    return result.stdout


def expect(condition: bool, message: str) -> None:
    """Stop with a message unless a condition holds."""
    if not condition:
        sys.exit(message)


def check_import_cost() -> None:
    """Check that neither the import nor a blank pipeline loads more than it must."""
    loaded = "import sys, {0}; {1}; sys.stdout.write(' '.join(sys.modules))"
    light = set(run("-c", loaded.format("spacy_biomedplm", "pass")).split())
    expect(not light & HEAVY, f"import spacy_biomedplm loads {sorted(light & HEAVY)}")
    blank = set(run("-c", loaded.format("spacy", "spacy.blank('en')")).split())
    expect("transformers" not in blank, "spacy.blank('en') loads transformers")


def check_pipeline() -> None:
    """Check that the shipped pipeline loads from its package and finds entities."""
    import spacy

    import spacy_biomedplm

    expect(Path(spacy_biomedplm.__file__).is_relative_to(sys.prefix), "the source tree is imported, not the wheel")
    doc = spacy.load("en_biomed_trf")("Cisplatin caused acute renal failure in two patients with ovarian cancer.")
    found = {(ent.text, ent.label_) for ent in doc.ents}
    expect(("Cisplatin", "CHEMICAL") in found, f"no Cisplatin among {found}")
    expect(any(label == "DISEASE" for _, label in found), f"no disease among {found}")
    expect(all(0.0 <= ent._.score <= 1.0 for ent in doc.ents), "an entity has no score")


def check_commands(sample: Path) -> None:
    """Check that the commands run, under both names, and that every input document comes out."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.jsonl"
        command = Path(sys.executable).with_name("biomedplm")
        subprocess.run([command, "extract", sample, "--model", "en_biomed_trf", "--output", output], check=True)
        rows = [json.loads(line) for line in output.read_text(encoding="utf8").splitlines()]
    wanted = sum(bool(line.strip()) for line in sample.read_text(encoding="utf8").splitlines())
    expect(len(rows) == wanted, f"{wanted} documents in, {len(rows)} out")
    expect("spacy" in run("-m", "spacy", "biomedplm", "info").lower(), "biomedplm info does not name spaCy")


if __name__ == "__main__":
    check_import_cost()
    check_pipeline()
    check_commands(Path(sys.argv[1]))
    sys.stdout.write("smoke test passed\n")

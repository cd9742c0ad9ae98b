"""``biomedplm kb build``: the build with its progress."""

from pathlib import Path

from spacy_biomedplm.cli.kb_tables import BuildProgress, size_of
from spacy_biomedplm.index.opening import build_lexical
from spacy_biomedplm.kb.assembly import Assembled, assemble
from spacy_biomedplm.kb.config import KbConfig


def build(config: KbConfig, out: Path, *, indexes: bool) -> tuple[Assembled, list[str]]:
    """Build a base and show how far it is.

    config (KbConfig): What it is built from. out (Path): New folder.
    indexes (bool): Whether to make its lexical indexes.
    RETURNS (tuple[Assembled, list[str]]): What came of it, and the kinds of indexes that were made.
    RAISES (BiomedplmError): As ``assemble`` and ``build_lexical``.
    """
    names = [one.name or one.path.name for one in config.sources]
    with BuildProgress(names, [size_of(one.path) for one in config.sources]) as progress:
        built = assemble(config, out, observe=progress.update)
        progress.say("indexes")
        return built, build_lexical(built.base) if indexes else []

"""Rasa's default configuration, and the plain Rasa project that stands beside this advisor."""

from __future__ import annotations

import shutil
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.report import ROOT
from preceptor.rasa_ext.data_importer import FileImporter, rules

NLU = """\
recipe: default.v1
assistant_id: default
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
"""
"""What `rasa init` writes, as far as it reads intents; the entity mappers and the fallback, which
change none, and the policies follow in `WHOLE`."""

WHOLE = (
    NLU
    + """\
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: {epochs}
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - name: UnexpecTEDIntentPolicy
    max_history: 5
    epochs: {epochs}
  - name: TEDPolicy
    max_history: 5
    epochs: {epochs}
    constrain_similarities: true
"""
)
"""What `rasa init` writes, policies included."""

EPOCHS = 100
"""How many epochs `rasa init` trains each part for."""


def write_project(home: Path, epochs: int) -> None:
    """Write a plain Rasa project with this advisor's questions, domain and rules.

    Args:
        home: a folder that doesn't exist yet.
        epochs: of each part that is trained.
    """
    importer = FileImporter(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    )
    shutil.copytree(ROOT / "data" / "nlu", home / "data" / "nlu")
    importer.get_domain().persist(home / "domain.yml")
    YAML().dump({"version": "3.1", "rules": rules(importer.intents)}, home / "data" / "rules.yml")
    (home / "config.yml").write_text(WHOLE.format(epochs=epochs))
    (home / "credentials.yml").write_text("rest:\n")

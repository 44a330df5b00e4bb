"""The committed bundle is what the source builds to, and stays small."""

import gzip
import json
import re
import shutil

from preceptor.intents import intents
from tools.widget import WIDGET, build

LAUNCHER_LIMIT_BYTES = 8 * 1024


def test_the_committed_bundle_is_what_the_source_builds_to(tmp_path):
    source = tmp_path / "widget"
    shutil.copytree(WIDGET, source, ignore=shutil.ignore_patterns("node_modules", "dist"))
    build(source)
    built = {path.name: path.read_bytes() for path in (source / "dist").iterdir()}
    committed = {path.name: path.read_bytes() for path in (WIDGET / "dist").iterdir()}
    assert sorted(built) == sorted(committed), "run `make widget` and commit widget/dist"
    assert built == committed, "run `make widget` and commit widget/dist"


def test_the_launcher_stays_within_eight_kilobytes():
    launcher = (WIDGET / "dist/preceptor.js").read_bytes()
    assert len(gzip.compress(launcher, 9)) <= LAUNCHER_LIMIT_BYTES
    # A classic script is read in the host page's encoding.
    assert launcher.isascii()


def test_the_pinned_launcher_is_the_stable_one():
    integrity = json.loads((WIDGET / "dist/integrity.json").read_text())
    files = integrity["files"]
    assert files[integrity["pinned"]] == files["preceptor.js"]
    assert {path.name for path in (WIDGET / "dist").glob("*.js")} == {
        name for name in files if name.endswith(".js")
    }


def test_every_language_has_every_text():
    texts = {p.stem: json.loads(p.read_text("utf-8")) for p in WIDGET.glob("src/texts/*.json")}
    assert set(texts) == {"ar", "en", "es", "fr", "id"}

    def shape(value):
        if isinstance(value, dict):
            return {key: shape(one) for key, one in value.items()}
        return sorted(re.findall(r"\{\w+\}", value))

    for language, words in texts.items():
        assert shape(words) == shape(texts["en"]), language


def test_starters_are_questions_of_declared_intents():
    declared = intents()
    english = json.loads((WIDGET / "src/texts/en.json").read_text("utf-8"))["starters"]
    page = (WIDGET / "page/index.html").read_text("utf-8")
    on_page = re.findall(r'data-preceptor-starter="(\w+)"\s+data-preceptor-ask="([^"]+)"', page)
    assert len(english) == 4 and len(on_page) == page.count("data-preceptor-starter") == 4
    for name, question in [*english.items(), *on_page]:
        assert declared[name].question == question


def test_no_file_names_a_registry():
    for path in (*WIDGET.glob("*"), *WIDGET.glob("dist/*")):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not re.search(r"registry\.|npmjs|yarnpkg|unpkg|jsdelivr", text), path

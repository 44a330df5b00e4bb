"""The classifier of short messages: what it is fitted to."""

from preceptor.conversation import phrases


def test_training_questions_belong_to_what_is_fitted(tmp_path, monkeypatch):
    monkeypatch.setattr(phrases, "CODE", tmp_path)
    file = tmp_path / "data" / "nlu" / "one.yml"
    file.parent.mkdir(parents=True)
    file.write_text("nlu: []\n")
    before = phrases._state([1])
    assert phrases._state([1]) == before
    assert phrases._state([2]) != before
    file.write_text("nlu: []\n# changed\n")
    assert phrases._state([1]) != before

"""The classifier's arithmetic on small data."""

import numpy as np
import pytest
import scipy.sparse

from preceptor.nlu.intents import ridge
from preceptor.nlu.intents.ridge import QuadraticRidge

OPTIONS = {"directions": 6, "dense_weight": 2.0, "linear_weight": 0.4, "penalty": 0.3}


@pytest.fixture
def questions():
    random = np.random.default_rng(7)
    labels = ["a", "b", "c"] * 8
    centres = {label: random.normal(size=8) for label in "abc"}
    dense = np.stack([centres[label] + 0.6 * random.normal(size=8) for label in labels])
    dense = (dense / np.linalg.norm(dense, axis=1, keepdims=True)).astype(np.float32)
    sparse = scipy.sparse.random(24, 12, 0.2, "csr", dtype=np.float32, random_state=3)
    return dense, sparse, labels


def kernel(dense: np.ndarray, sparse, model: QuadraticRidge) -> np.ndarray:
    x = dense - dense.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    z = x @ model.basis
    c = OPTIONS["linear_weight"]
    products = (z @ z.T) ** 2 + 2 * c * x @ x.T + c**2
    return OPTIONS["dense_weight"] / (1 + c) ** 2 * products + (sparse @ sparse.T).toarray()


def without(group, questions, model: QuadraticRidge) -> np.ndarray:
    """Return all questions' scores by a system that lacks the group's rows."""
    dense, sparse, labels = questions
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    rest = np.setdiff1d(np.arange(24), group)
    system = whole[np.ix_(rest, rest)] + OPTIONS["penalty"] * np.eye(len(rest))
    return whole[:, rest] @ np.linalg.solve(system, targets[rest])


def test_the_weights_give_what_the_kernel_gives(questions):
    dense, sparse, labels = questions
    model = QuadraticRidge.fit(dense, labels, sparse, **OPTIONS)
    whole = kernel(dense, sparse, model)
    targets = (np.asarray(labels)[:, None] == model.labels[None]).astype(float)
    alpha = np.linalg.solve(whole + OPTIONS["penalty"] * np.eye(len(labels)), targets)
    scores = model.sharpness * (whole @ alpha)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(model.probabilities(dense, sparse), expected, atol=1e-3)


@pytest.mark.parametrize("groups", [[], [[2, 9], [5]], [range(12), range(12, 24)]])
def test_questions_before_the_groups_calibrate_held_out(questions, monkeypatch, groups):
    dense, sparse, labels = questions
    seen = {}
    monkeypatch.setattr(
        ridge,
        "_sharpness",
        lambda scores, truth: seen.update(scores=scores, truth=truth) or 1.0,
    )
    groups = [np.array(group) for group in groups]
    model, _ = QuadraticRidge.fit_and_hold_out(dense, labels, groups, sparse, **OPTIONS)
    order, sample, *places = ridge._order(24, groups)
    assert [list(order[place]) for place in places] == [list(group) for group in groups]
    assert sorted(order) == list(range(24))
    held_out = order[sample]
    assert len(held_out) == 3 and list(model.labels[seen["truth"]]) == [labels[i] for i in held_out]
    assert np.allclose(without(held_out, questions, model)[held_out], seen["scores"], atol=1e-3)


@pytest.mark.parametrize("group", [[20, 21, 23], [3], [0, 7, 8, 19]])
def test_holding_a_group_out_gives_what_training_without_it_gives(questions, group):
    dense, sparse, labels = questions
    groups = [np.array(group)]
    model, (other,) = QuadraticRidge.fit_and_hold_out(dense, labels, groups, sparse, **OPTIONS)
    expected = without(group, questions, model)
    assert np.allclose(other.scores(dense, sparse), expected, atol=1e-3)
    assert not np.allclose(model.scores(dense, sparse), expected, atol=1e-2)


def test_a_model_without_ngrams_reads_the_dense_features_alone(questions):
    dense, _, labels = questions
    model = QuadraticRidge.fit(dense, labels, **OPTIONS)
    nothing = scipy.sparse.csr_matrix((24, 1), dtype=np.float32)
    with_nothing = QuadraticRidge.fit(dense, labels, nothing, **OPTIONS)
    assert np.allclose(model.scores(dense), with_nothing.scores(dense, nothing))
    assert (model.labels[model.scores(dense).argmax(axis=1)] == labels).mean() > 0.9


def test_probabilities_add_up_and_find_the_training_labels(questions):
    dense, sparse, labels = questions
    found = QuadraticRidge.fit(dense, labels, sparse, **OPTIONS).probabilities(dense, sparse)
    assert np.allclose(found.sum(axis=1), 1)
    assert (np.asarray(list("abc"))[found.argmax(axis=1)] == labels).mean() > 0.9


def test_a_saved_model_reads_the_same(questions, tmp_path):
    dense, sparse, labels = questions
    model = QuadraticRidge.fit(dense, labels, sparse, **OPTIONS)
    model.save(tmp_path / "model.npz")
    again = QuadraticRidge.load(tmp_path / "model.npz")
    assert list(again.labels) == list(model.labels)
    assert np.array_equal(again.probabilities(dense, sparse), model.probabilities(dense, sparse))


def test_a_saved_model_that_holds_code_is_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", labels=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        QuadraticRidge.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("rows", [5, 24, 100])
def test_frequent_and_rare_ngrams_are_multiplied_alike(questions, monkeypatch, rows):
    _, sparse, _ = questions
    sparse = scipy.sparse.hstack([sparse, np.eye(24, 2)], format="csr", dtype=np.float32)
    monkeypatch.setattr(ridge, "_ROWS", rows)
    monkeypatch.setattr(ridge, "_OFTEN", 0.2)
    kernel = np.ones((24, 24), dtype=np.float32, order="F")
    ridge._add_products_of_ngrams(sparse, kernel)
    exact = 1 + (sparse @ sparse.T).toarray()
    assert np.allclose(np.tril(kernel), np.tril(exact), atol=1e-6)

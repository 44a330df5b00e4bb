"""Runs the steps of a loaded model one after the other."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner

_Plan = list[tuple[str, list[str]]]


class SequentialGraphRunner(DaskGraphRunner):
    """Rasa's graph runner without Dask's scheduler.

    Dask is made for many tasks on many machines and plans anew at every run, four times per turn;
    what to run for a target is always the same. It takes a tenth of a turn's processor time, under
    Python's global interpreter lock, and so of the turns that one process can serve.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Load the steps; the arguments are `DaskGraphRunner`'s."""
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Run what the targets need and return their outputs by name.

        Raises:
            GraphRunError: An input is missing, or a step failed with a `RuntimeError`.
        """
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        outputs: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, needs in self._plans[wanted]:
                step = self._instantiated_nodes[name]
                outputs[name] = step(*(outputs.get(needed, needed) for needed in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(outputs[name] for name in wanted)

    def _plan(self, targets: tuple[str, ...]) -> _Plan:
        """Return the steps that targets need, each after those that it needs itself."""
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        order = TopologicalSorter(
            {name: [n for n in node.needs.values() if n in nodes] for name, node in nodes.items()}
        )
        return [(name, list(nodes[name].needs.values())) for name in order.static_order()]

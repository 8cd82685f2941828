"""A neural network with one hidden layer, and the sampled Shapley value of each column for a lead's log-odds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from leadscore.modeling.algorithms.fitting import Plan, Rebalanced, Settings, keep_aside
from leadscore.modeling.encoding import Codes, Design, Floats, Rows, fit_design

NETWORK: dict[str, Any] = {"units": 32, "activation": "relu", "solver": "adam", "learning_rate_init": 0.002}
NETWORK_SETTINGS: tuple[Settings, ...] = ({"alpha": 0.01}, {"alpha": 0.3})
MOST_EPOCHS = 40
FEWEST_EPOCHS = 3
PATIENCE = 5
BATCHES = 200
"""An epoch has about this many steps, so that a number of epochs means the same for few leads and for many."""
SMALLEST_BATCH, LARGEST_BATCH = 32, 512

PERMUTATION_PAIRS = 12
PERMUTATION_SEED = 20
BLOCK = 1024
"""Leads explained at once, few enough for the processor's own memory."""


@dataclass(frozen=True)
class Network:
    """One hidden layer of rectified units over standardised columns.

    Contributions are Shapley values against the typical lead: the mean of every wide column, numbers at their mean
    and categories at the shares of their levels. Columns turn from typical to the lead's own in orders drawn once, and
    in the same orders backwards; a column adds what the log-odds move by when it turns, on average. Every order ends
    at the lead's own log-odds, so the sum is exact however few orders there are.

    Parameters
    ----------
    hidden : ndarray of shape (sum of widths, units)
    offsets, output : ndarray of shape (units,)
    intercept : float
    typical : ndarray of shape (sum of widths,)
        Means of the wide columns over the fitting leads.
    rounds : int
        Number of times the network saw the leads.

    References
    ----------
    Castro, Gomez and Tejada (2009), Polynomial calculation of the Shapley value based on sampling; Mitchell et al.
    (2022), Sampling Permutations for Shapley Value Estimation, section 3 (antithetic orders).
    """

    design: Design
    hidden: Floats
    offsets: Floats
    output: Floats
    intercept: float
    typical: Floats
    rounds: int
    settings: Settings = field(default_factory=dict)

    @property
    def base(self) -> float:
        """Log-odds of the typical lead."""
        return float(self._answer(self._start[:, None])[0])

    @property
    def width(self) -> int:
        """Number of code columns it reads."""
        return len(self.design.sizes)

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        result = np.empty(len(codes))
        for block in _blocks(len(codes)):
            result[block] = self._answer(self._start[:, None] + self._moves(codes.rows(block)).sum(axis=0))
        return result

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        result = np.empty(codes.values.shape)
        for block in _blocks(len(codes)):
            result[block] = self._shapley(self._moves(codes.rows(block))).T
        return result

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON."""
        return {
            "design": self.design.to_dict(),
            "hidden": self.hidden.tolist(),
            "offsets": self.offsets.tolist(),
            "output": self.output.tolist(),
            "intercept": self.intercept,
            "typical": self.typical.tolist(),
            "rounds": self.rounds,
            "settings": dict(self.settings),
        }

    def trees(self) -> None:
        """Tell that there are no trees."""
        return None

    @property
    def _start(self) -> Floats:
        """What the typical lead sends to each hidden unit; shape (units,)."""
        return np.asarray(self.offsets + sum(self._typical_terms))

    @property
    def _typical_terms(self) -> list[Floats]:
        parts = zip(self.design.blocks(self.typical), self.design.blocks(self.hidden), strict=True)
        return [(means[:, None] * weights).sum(axis=0) for means, weights in parts]

    def _moves(self, codes: Codes) -> Floats:
        """Give what each column adds to each unit when it turns from typical; (n_code_columns, units, n_leads)."""
        result = np.empty((self.width, len(self.offsets), len(codes)))
        parts = zip(self.design.blocks(self.hidden), self._typical_terms, strict=True)
        for column, (weights, typical) in enumerate(parts):
            result[column] = (self.design.column_terms(codes.values[:, column], column, weights) - typical).T
        return result

    def _answer(self, sums: Floats) -> Floats:
        """Give log-odds of shape (n_leads,) for sums of shape (units, n_leads).

        Unit by unit instead of by matrix product: a lead's last bit must not depend on who is scored beside it.
        """
        lit = np.maximum(sums, 0.0)
        lit *= self.output[:, None]
        return np.asarray(lit.sum(axis=0) + self.intercept)

    def _shapley(self, moves: Floats) -> Floats:
        total = np.zeros((len(moves), moves.shape[2]))
        for order in _orders(len(moves)):
            sums = np.repeat(self._start[:, None], moves.shape[2], axis=1)
            before = self._answer(sums)
            for column in order:
                sums += moves[column]
                after = self._answer(sums)
                total[column] += after - before
                before = after
        return total / (2 * PERMUTATION_PAIRS)


def fit_network(codes: Codes, y: Floats, plan: Plan) -> Network:
    """Fit a network; ``alpha`` is how much its weights are held back."""
    epochs = _enough_epochs(codes, y, plan) if plan.rounds is None else plan.rounds
    fitted = plan.rebalance(codes, y)
    design = fit_design(fitted[0])
    wide = design.wide(fitted[0])
    *_, trained = _learning(wide, fitted, plan, epochs)
    return _read_off(trained, design, wide.mean(axis=0, dtype=np.float64), epochs, plan.settings)


def restore_network(state: Mapping[str, Any]) -> Network:
    """Build from the state that was kept; raises ValueError or KeyError when its parts do not fit together."""
    design = Design.from_dict(state["design"])
    hidden, offsets, output, typical = (
        np.asarray(state[name], dtype=float) for name in ("hidden", "offsets", "output", "typical")
    )
    inputs, units = sum(design.widths), offsets.size
    if (hidden.shape, offsets.shape, output.shape, typical.shape) != ((inputs, units), (units,), (units,), (inputs,)):
        raise ValueError("the layers of the network differ in width")
    intercept, rounds = float(state["intercept"]), int(state["rounds"])
    return Network(design, hidden, offsets, output, intercept, typical, rounds, dict(state["settings"]))


def _enough_epochs(codes: Codes, y: Floats, plan: Plan) -> int:
    """Find how many epochs help on original leads kept aside, weighted as the balance wants them."""
    aside = keep_aside(codes, y, plan)
    if aside is None:
        return FEWEST_EPOCHS
    design = fit_design(aside.fitted[0])
    judged = design.wide(aside.judged[0])
    best, least = 0, np.inf
    for epoch, network in enumerate(_learning(design.wide(aside.fitted[0]), aside.fitted, plan, MOST_EPOCHS), 1):
        loss = _loss(network, judged, aside.judged)
        if loss < least:
            best, least = epoch, loss
        elif epoch - best >= PATIENCE:
            break
    return max(FEWEST_EPOCHS, best)


def _learning(wide: Floats, fitted: Rebalanced, plan: Plan, epochs: int) -> Iterator[MLPClassifier]:
    """Give the network after each time it saw the leads."""
    _, y, weights = fitted
    fixed = {name: value for name, value in NETWORK.items() if name != "units"}
    batch = min(len(y), int(np.clip(len(y) // BATCHES, SMALLEST_BATCH, LARGEST_BATCH)))
    # a generator and not its seed, or every epoch would go through the leads in the same order
    generator = np.random.RandomState(plan.random_state)
    network = MLPClassifier((NETWORK["units"],), batch_size=batch, random_state=generator, **fixed, **plan.settings)
    for _ in range(epochs):
        network.partial_fit(wide, y, sample_weight=weights, classes=[0.0, 1.0])
        yield network


def _loss(network: MLPClassifier, wide: Floats, judged: Rebalanced) -> float:
    _, y, weights = judged
    probability = np.clip(network.predict_proba(wide)[:, 1].astype(np.float64), 1e-7, 1 - 1e-7)
    return float(np.average(-np.log(np.where(y == 1, probability, 1 - probability)), weights=weights))


def _read_off(network: MLPClassifier, design: Design, typical: Floats, epochs: int, settings: Settings) -> Network:
    hidden, output = (np.asarray(part, dtype=np.float64) for part in network.coefs_)
    offsets, intercept = (np.asarray(part, dtype=np.float64) for part in network.intercepts_)
    return Network(design, hidden, offsets, output[:, 0], float(intercept[0]), typical, epochs, settings)


def _orders(columns: int) -> list[Rows]:
    """Draw the orders in which columns turn, each followed by its reverse; the same ones for every lead."""
    rng = np.random.default_rng(PERMUTATION_SEED)
    drawn = [rng.permutation(columns) for _ in range(PERMUTATION_PAIRS)]
    return [order for forward in drawn for order in (forward, forward[::-1])]


def _blocks(leads: int) -> Iterator[Rows]:
    for start in range(0, leads, BLOCK):
        block = np.arange(start, min(start + BLOCK, leads))
        # a lead left alone is taken twice: NumPy would add its units up in another order
        yield block if len(block) > 1 else np.repeat(block, 2)

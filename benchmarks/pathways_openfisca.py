# SPDX-License-Identifier: EUPL-1.2
"""The peer's side of `benchmarks.pathways`: runs inside a venv of its own with OpenFisca-Core.

    python pathways_openfisca.py SYSTEM.py INPUTS_FOLDER fast|usual RUNS

SYSTEM.py holds the variables and formulas that `benchmarks.pathways` writes from our rules. fast:
inputs as bool, int and EnumArray arrays, one variable a pathway. usual: choices as texts, one
variable a condition. Prints one line of JSON: seconds of each run, how many are found eligible.
"""

import importlib.util
import json
import resource
import sys
import time
from pathlib import Path

import numpy
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

PERIOD = "2026-11"


def main():
    system, folder, layout, runs = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    spec = importlib.util.spec_from_file_location("system", system)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tax_benefit_system = TaxBenefitSystem([module.Person])
    for variable in [*module.INPUTS, *module.CONDITIONS, *module.RULES]:
        tax_benefit_system.add_variable(variable)
    arrays = {}
    for variable in module.INPUTS:
        values = numpy.load(folder / f"{variable.__name__}.npy")
        known = tax_benefit_system.variables[variable.__name__]
        if known.value_type is Enum:
            if layout == "fast":
                values = EnumArray(values.astype(known.dtype), known.possible_values)
            else:
                names = numpy.array([item.name for item in known.possible_values])
                values = names[values]
        arrays[variable.__name__] = values
    people = len(next(iter(arrays.values())))
    seconds, eligible = [], {}
    for _ in range(runs):
        simulation = SimulationBuilder().build_default_simulation(tax_benefit_system, count=people)
        started = time.perf_counter()
        for name, values in arrays.items():
            simulation.set_input(name, PERIOD, values)
        found = {
            rule.__name__: simulation.calculate(rule.__name__, PERIOD) for rule in module.RULES
        }
        seconds.append(time.perf_counter() - started)
        eligible = {name[2:]: int(numpy.count_nonzero(values)) for name, values in found.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "eligible": eligible, "peak_mb": peak}))


main()

/** A day of trouble, compressed: seeded random faults of all kinds befall real programs, and all must be well after each. */
import { type FaultsReport, type KindReport, runFaults } from "../faults/run-faults.ts";
import { atLeast, type Measured, mustBe, type Situation } from "./situation.ts";

const FAULTS = 5_000;
const QUICK_FAULTS = 200;
const SEED = 1;
const CELLS = 4;
const CLIENTS_PER_CELL = 5;

export const faults: Situation = {
  name: "faults",
  title: "5,000 random faults of all kinds (twenty minutes)",
  async measure({ lab, quick, count = quick ? QUICK_FAULTS : FAULTS, seed = SEED }) {
    return judge(await runFaults(lab, { count, seed, cells: CELLS, clientsPerCell: CLIENTS_PER_CELL }), count);
  },
};

/** Who is stuck, dies or is in the server twice ends the run, so what comes here is survived. */
function judge({ faults: survived, kinds, leaks }: FaultsReport, count: number): readonly Measured[] {
  return [
    atLeast("faults survived", survived, count, ""),
    mustBe("memory and descriptors are flat", leaks.length === 0, leaks.length === 0 ? "yes" : leaks.join("; ")),
    ...kinds.map(describe),
  ];
}

function describe({ kind, recoveries, medianMs, p95Ms, worstMs }: KindReport): Measured {
  const got = `median ${medianMs}, p95 ${p95Ms}, worst ${worstMs} ms`;
  return { what: `${kind}: traffic after its end, ${recoveries} times`, bound: "", got, verdict: "noted" };
}

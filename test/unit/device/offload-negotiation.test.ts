import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiateOffloads } from "../../../src/device/offload-negotiation.ts";
import { OFFLOAD_ALL, Offload } from "../../../src/wire/offload.ts";

const { csum, tso4, tso6, tsoEcn } = Offload;

/** A kernel that knows the bits of `known`, and refuses a set with any other. */
function kernel(known: number) {
  const asked: number[] = [];
  const setOffload = (set: number) => {
    asked.push(set);
    return (set & ~known) === 0;
  };
  return { asked, setOffload };
}

test("a kernel that knows all is asked once", () => {
  const { asked, setOffload } = kernel(OFFLOAD_ALL);
  assert.equal(negotiateOffloads(setOffload, OFFLOAD_ALL), OFFLOAD_ALL);
  assert.deepEqual(asked, [OFFLOAD_ALL]);
});

test("a kernel that knows less gets the largest set that it takes as a whole", () => {
  const cases = [csum | tso4 | tso6 | tsoEcn, csum | tso4 | tso6, csum, Offload.none];
  for (const known of cases) assert.equal(negotiateOffloads(kernel(known).setOffload, OFFLOAD_ALL), known);
});

test("nothing is asked that was not wanted", () => {
  const { asked, setOffload } = kernel(OFFLOAD_ALL);
  assert.equal(negotiateOffloads(setOffload, csum | tso4), csum | tso4);
  assert.equal(negotiateOffloads(setOffload, Offload.none), Offload.none);
  assert.deepEqual(asked, [csum | tso4, Offload.none]);
});

test("the last set asked for is the one reported, also if the kernel refuses every one", () => {
  const { asked, setOffload } = kernel(Offload.none);
  assert.equal(negotiateOffloads(setOffload, OFFLOAD_ALL), asked.at(-1));
});

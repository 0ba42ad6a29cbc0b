/**
 * Throws inputs that are nearly right at every decoder, and stops at the first that one fails on, with what is
 * needed to see it again. Options: `--seconds N` in all, `--seed S`, `--decoder NAME` for one decoder only, and
 * `--input HEX` to give it just this input.
 */
import { parseArgs } from "node:util";
import { mutate, Random } from "./fuzz-random.ts";
import { FUZZ_TARGETS, type FuzzTarget } from "./fuzz-targets.ts";

const DEFAULT_SECONDS = 10;
/** An input of a few hundred bytes that takes longer has found a loop. */
const HANG_MS = 2000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: String(DEFAULT_SECONDS) },
    seed: { type: "string", default: String(Date.now() % 0x8000_0000) },
    decoder: { type: "string" },
    input: { type: "string" },
  },
});

const seconds = Number(values.seconds);
const seed = Number(values.seed);
const targets = FUZZ_TARGETS.filter(({ name }) => values.decoder === undefined || values.decoder === name);

if (
  !(seconds > 0) ||
  !Number.isSafeInteger(seed) ||
  targets.length === 0 ||
  (values.input !== undefined && targets.length > 1)
) {
  console.error("usage: npm run fuzz -- [--seconds N] [--seed S] [--decoder NAME [--input HEX]]");
  console.error(`decoders: ${FUZZ_TARGETS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

if (values.input === undefined) console.log(`fuzzing ${targets.length} decoders for ${seconds} s, seed ${seed}`);
for (const target of targets) {
  if (values.input === undefined) fuzz(target);
  else replay(target, Uint8Array.from(Buffer.from(values.input, "hex")));
}

function fuzz(target: FuzzTarget): void {
  const random = new Random(seed);
  const startMs = performance.now();
  const endMs = startMs + (seconds * 1000) / targets.length;
  let runs = 0;
  let accepted = 0;
  for (; performance.now() < endMs; runs++) {
    const input = random.oneIn(50) ? random.bytes(random.below(80)) : mutate(target.make(random), random);
    if (check(target, input)) accepted++;
  }
  const perSecond = Math.round((runs * 1000) / (performance.now() - startMs));
  const share = Math.round((accepted * 100) / runs);
  console.log(
    `${target.name.padEnd(18)}${String(runs).padStart(9)} runs ${String(perSecond).padStart(8)}/s  ${share} % accepted`,
  );
}

function replay(target: FuzzTarget, input: Uint8Array): void {
  console.log(`${target.name}: ${check(target, input) ? "accepted" : "refused"}, nothing wrong`);
}

function check(target: FuzzTarget, input: Uint8Array): boolean {
  const startMs = performance.now();
  try {
    const accepted = target.check(input.slice(), Random.of(input));
    if (performance.now() - startMs > HANG_MS) throw new Error(`took over ${HANG_MS} ms`);
    return accepted;
  } catch (error) {
    const hex = Buffer.from(input).toString("hex");
    console.error(`${target.name} failed, seed ${seed}:`, error);
    console.error(`again: npm run fuzz -- --decoder ${target.name} --input ${hex === "" ? "''" : hex}`);
    return process.exit(1);
  }
}

/** Counters never lie: a server and those who take part, at random, beside a model of what each really sent and got. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { OFFLOAD_ALL } from "../../../src/wire/offload.ts";
import { type Attendant, BEHIND, ROLES } from "./attendant.ts";
import { HOLD_MS, type Kernel, Room } from "./room.ts";
import type { Content } from "./traffic.ts";

const CONNECTIONS = 3;
/** Of a super-frame's payload. */
const MOST_BYTES = 3_000;
const NEVER_SEEN = "02:00:00:00:00:99";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const STRANGER = "02:00:00:00:00:77";
const TARGETS = [
  ...new Set(ROLES.map(({ mac }) => mac)),
  ...BEHIND,
  "02:00:00:00:00:ff",
  BROADCAST,
  "00:00:00:00:00:00",
  NEVER_SEEN,
] as const;
const CONTENTS: readonly Content[] = ["plain", "super-frame", "large", "large, whole"];

interface Step {
  readonly kind:
    | "connect"
    | "vanish"
    | "freeze"
    | "thaw"
    | "send"
    | "down"
    | "junk"
    | "storm"
    | "flood"
    | "bye"
    | "pass";
  readonly role: number;
  readonly number: number;
  readonly content: Content;
  readonly target: string;
  /** Of a bridge: whose frame it is; of another that of a stranger, now and then. */
  readonly source: number;
  readonly frames: number;
  readonly payloadBytes: number;
  readonly ms: number;
}

const weighted = (weights: Readonly<Record<Step["kind"], number>>): fc.Arbitrary<Step["kind"]> =>
  fc.oneof(
    ...(Object.entries(weights) as [Step["kind"], number][]).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind),
    })),
  );

const step: fc.Arbitrary<Step> = fc.record({
  kind: weighted({
    connect: 6,
    vanish: 3,
    freeze: 2,
    thaw: 2,
    bye: 1,
    send: 14,
    down: 4,
    junk: 2,
    storm: 1,
    flood: 2,
    pass: 3,
  }),
  role: fc.nat({ max: ROLES.length - 1 }),
  number: fc.nat({ max: CONNECTIONS - 1 }),
  content: fc.constantFrom(...CONTENTS),
  target: fc.constantFrom(...TARGETS),
  source: fc.nat({ max: 9 }),
  frames: fc.constantFrom(1, 2, 5, 30),
  payloadBytes: fc.integer({ min: 46, max: MOST_BYTES }),
  ms: fc.constantFrom(1, 60, 700, HOLD_MS + 500),
});

const kernel: fc.Arbitrary<Kernel> = fc.constantFrom(
  { offloads: OFFLOAD_ALL, queueFrames: 8 },
  { offloads: 0, queueFrames: 512 },
);

function sourceOf(attendant: Attendant, source: number): string {
  if (attendant.isBridge) return BEHIND[source] ?? attendant.mac;
  return source === 0 ? STRANGER : attendant.mac;
}

async function run(room: Room, one: Step): Promise<void> {
  const { kind, target, frames, number, payloadBytes } = one;
  // Nobody is told that a broadcast is too large for one of many.
  const content = target === BROADCAST ? "plain" : one.content;
  const role = ROLES[one.role] as (typeof ROLES)[number];
  const attendant = room.attendants.get(role);
  if (kind === "connect") await room.connect(role, number);
  else if (kind === "pass") room.pass(one.ms);
  else if (kind === "down") for (let i = 0; i < frames; i++) room.sendDown(content, target, payloadBytes);
  else if (kind === "flood") {
    const frozen = [...room.attendants.values()].filter(({ isFrozen, role }) => isFrozen && role.network === "default");
    for (const { mac } of frozen) for (let i = 0; i < 100; i++) room.sendDown("super-frame", mac, MOST_BYTES);
  } else if (attendant === undefined || attendant.open.size === 0) return;
  else if (kind === "vanish") room.vanish(attendant, attendant.connectionFrom(number) ?? 0);
  else if (kind === "freeze") attendant.freeze(attendant.connectionFrom(number) ?? 0);
  else if (kind === "bye") await room.bye(attendant);
  else if (kind === "thaw") room.thaw(attendant);
  else if (kind === "junk") room.sendJunk(attendant);
  else if (kind === "storm") {
    for (let i = 0; i < 30; i++) room.send(attendant, "plain", BROADCAST, attendant.mac, payloadBytes);
  } else {
    const source = content === "plain" ? sourceOf(attendant, one.source) : attendant.mac;
    for (let i = 0; i < frames; i++) room.send(attendant, content, target, source, payloadBytes);
  }
}

describe("the counters of a server", () => {
  test("say what was really sent, delivered and dropped, whoever comes, goes, freezes or floods", async () => {
    await fc.assert(
      fc.asyncProperty(kernel, fc.array(step, { maxLength: 50, size: "max" }), async (kernel, steps) => {
        const room = await new Room(kernel).start();
        try {
          for (const role of ROLES) await room.connect(role, 0);
          for (const one of steps) {
            await run(room, one);
            await room.check();
          }
        } finally {
          await room.end();
        }
      }),
      { numRuns: 12 },
    );
  });

  test("say what a session's last connections lose when it is over already", async () => {
    const room = await new Room({ offloads: OFFLOAD_ALL, queueFrames: 512 }).start();
    try {
      for (const role of ROLES) await room.connect(role, 0);
      const [leaving] = [...room.attendants.values()].filter(({ role }) => role.takesSuperFrames);
      assert.ok(leaving);
      for (const number of [1, 2]) {
        await room.connect(leaving.role, number);
        leaving.freeze(number);
      }
      // The flow of each goes by one of the three connections.
      for (const other of room.attendants.values()) {
        const isHeard = other !== leaving && other.role.network === "default" && !other.isIsolated;
        for (let i = 0; isHeard && i < 20; i++) room.send(other, "large", leaving.mac, other.mac, 0);
      }
      for (let i = 0; i < 20; i++) room.sendDown("large", leaving.mac, 0);
      await room.check();
      await room.bye(leaving);
      await room.check();
    } finally {
      await room.end();
    }
  });
});

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { ConnectionSet } from "../../../src/transport/connection-set.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { MAX_SESSION_CONNECTIONS } from "../../../src/wire/session-claim.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { ethernetFrame } from "../../host.ts";

class FakeSender {
  readonly flows = new Set<number>();
  sent = 0;
  flushed = 0;

  send(frame: Frame): DropReason {
    this.flows.add(flowOf(frame));
    this.sent++;
    return Drop.none;
  }

  flush(): void {
    this.flushed++;
  }
}

const FLOWS = 1_024;
/** Each from another source: a flow of its own. */
const FRAMES = Array.from({ length: FLOWS }, (_, flow) => {
  const bytes = ethernetFrame("02:00:00:00:00:ff", "02:00:00:00:00:00", "payload");
  bytes.writeUInt16BE(flow, 10);
  return new Frame(bytes).set(bytes, 0, bytes.length, false);
});
const flowOf = ({ bytes }: Frame): number => ((bytes[10] as number) << 8) | (bytes[11] as number);

describe("the connections of a session", () => {
  let set: ConnectionSet<FakeSender>;
  let senders: FakeSender[];
  beforeEach(() => {
    set = new ConnectionSet();
    senders = Array.from({ length: MAX_SESSION_CONNECTIONS }, () => new FakeSender());
  });

  const sender = (number: number): FakeSender => senders[number] as FakeSender;

  function put(...numbers: readonly number[]): void {
    for (const number of numbers) assert.equal(set.put(number, sender(number)), undefined);
  }

  /** Sends a frame of each flow, and tells by which connection each went. */
  function deal(): ReadonlyMap<number, number> {
    for (const { flows } of senders) flows.clear();
    for (const frame of FRAMES) assert.equal(set.send(frame), Drop.none);
    return new Map(senders.flatMap(({ flows }, number) => [...flows].map((flow) => [flow, number] as const)));
  }

  test("send nothing where there are none", () => {
    assert.equal(set.send(FRAMES[0] as Frame), Drop.portClosed);
    put(3);
    assert.equal(set.remove(sender(3)), true);
    assert.equal(set.remove(sender(3)), false);
    assert.deepEqual([set.send(FRAMES[0] as Frame), set.size], [Drop.portClosed, 0]);
  });

  for (let count = 1; count <= MAX_SESSION_CONNECTIONS; count++) {
    test(`${count} of them share the flows evenly, each flow has one`, () => {
      put(...senders.slice(0, count).keys());
      const first = deal();
      assert.equal(first.size, FLOWS);
      assert.deepEqual(deal(), first);
      for (const { flows } of senders.slice(0, count)) {
        assert.ok(
          flows.size > (0.6 * FLOWS) / count && flows.size < (1.5 * FLOWS) / count,
          `${flows.size} of ${FLOWS}`,
        );
      }
    });
  }

  test("take over the flows of a lost one at once, and keep their own", () => {
    put(0, 1, 2, 3);
    const before = deal();
    set.remove(sender(2));
    const after = deal();
    for (const [flow, number] of before) {
      if (number === 2) assert.notEqual(after.get(flow), 2);
      else assert.equal(after.get(flow), number);
    }
    for (const number of [0, 1, 3]) assert.ok(sender(number).flows.size > 0.2 * FLOWS);
  });

  test("give a new one its share, and it gets no flow by another way", () => {
    put(0, 1, 2);
    const before = deal();
    put(5);
    for (const [flow, number] of deal()) assert.ok(number === 5 || number === before.get(flow));
    assert.ok(sender(5).flows.size > 0.15 * FLOWS);
  });

  test("one in the place of another has just its flows", () => {
    put(0, 1, 2);
    const before = deal();
    assert.equal(set.put(1, sender(7)), sender(1));
    const after = deal();
    for (const [flow, number] of before) assert.equal(after.get(flow), number === 1 ? 7 : number);
    assert.equal(set.remove(sender(1)), false, "the one that was replaced is not here any more");
    assert.equal(set.size, 3);
  });

  test("give no flow to one that is doubted, and its share back when it is trusted", () => {
    put(0, 1, 2);
    const before = deal();
    set.doubt(sender(1));
    const after = deal();
    assert.equal(sender(1).flows.size, 0);
    for (const [flow, number] of before) if (number !== 1) assert.equal(after.get(flow), number);
    set.trust(sender(1));
    deal();
    assert.ok(sender(1).flows.size > 0.2 * FLOWS);
  });

  test("all carry frames where all are doubted, and one that comes in the place of a doubted one", () => {
    put(0, 1);
    for (const number of [0, 1]) set.doubt(sender(number));
    deal();
    assert.ok(sender(0).flows.size > 0.2 * FLOWS && sender(1).flows.size > 0.2 * FLOWS);
    set.put(1, sender(5));
    deal();
    assert.deepEqual([sender(0).flows.size, sender(5).flows.size], [0, FLOWS]);
    set.doubt(sender(7));
    set.remove(sender(0));
    set.trust(sender(0));
    deal();
    assert.equal(sender(5).flows.size, FLOWS);
  });

  test("are all flushed", () => {
    put(0, 4);
    set.flush();
    assert.deepEqual(
      senders.map(({ flushed }) => flushed),
      [1, 0, 0, 0, 1, 0, 0, 0],
    );
  });

  for (const count of [1, 8]) {
    test(`${count} of them spread frames without allocating`, () => {
      put(...senders.slice(0, count).keys());
      deal();
      const grown = leastHeapGrowthBytes(() => {
        for (let i = 0; i < 50_000; i++) set.send(FRAMES[i % FLOWS] as Frame);
        for (let i = 0; i < 1_000; i++) set.flush();
      });
      assert.ok(grown < 20_000, `grew by ${grown} bytes over 50,000 frames`);
    });
  }
});

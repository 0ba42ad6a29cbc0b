import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClientRecord } from "../../../src/client/client-record.ts";

describe("what a client remembers", () => {
  test("is its state, and since when", () => {
    const record = new ClientRecord();
    assert.deepEqual([record.state, record.sinceMs], ["connecting", record.startedMs]);
    record.began();
    const { sinceMs } = record;
    record.stands();
    assert.deepEqual([record.state, record.sessions, record.sinceMs], ["connected", 1, sinceMs]);
    record.disconnected("disconnected: gone", 0);
    assert.deepEqual([record.state, record.disconnects, record.sessions], ["connecting", 1, 1]);
    assert.equal(record.lastError?.text, "disconnected: gone");
  });

  test("is when it tries again, while it waits", () => {
    const record = new ClientRecord();
    record.failed("nobody there", 60_000);
    assert.ok((record.nextAttemptMs ?? 0) - (record.lastError?.atMs ?? 0) === 60_000);
    record.dialing();
    assert.equal(record.nextAttemptMs, undefined);
    record.began();
    record.failed("connection 1 is lost: reset", 1_000);
    assert.equal(record.nextAttemptMs, undefined, "the others go on");
    assert.equal(record.lastError?.text, "connection 1 is lost: reset");
  });

  test("is every byte, also of connections that are gone", () => {
    const record = new ClientRecord();
    const one = { receivedBytes: 10, sentBytes: 1 };
    const other = { receivedBytes: 20, sentBytes: 2 };
    record.opened(one);
    record.opened(other);
    one.receivedBytes = 15;
    record.closed(one);
    record.closed(one);
    other.sentBytes = 7;
    assert.deepEqual([record.receivedBytes, record.sentBytes], [35, 8]);
  });
});

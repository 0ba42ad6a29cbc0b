import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { addObserver, removeObserver } from "../../../src/capture/port-observers.ts";
import { Port } from "../../../src/switch/port.ts";
import type { PortObserver } from "../../../src/switch/port-observer.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { RecordingEgress } from "../../recording-egress.ts";

function noting(name: string, notes: string[]): PortObserver {
  return {
    received: () => notes.push(`${name} received`),
    sent: () => notes.push(`${name} sent`),
  };
}

describe("observers of a port", () => {
  test("see its frames, each of them, until they are removed", () => {
    const port = new Port(0, { name: "peer 1", mac: undefined, bridge: false, egress: new RecordingEgress() });
    const notes: string[] = [];
    const observers = ["one", "two", "three"].map((name) => noting(name, notes));
    const [one, two, three] = observers as [PortObserver, PortObserver, PortObserver];
    for (const observer of observers) addObserver(port, observer);
    port.give(new Frame(new Uint8Array(60)));
    assert.deepEqual(notes.splice(0), ["one sent", "two sent", "three sent"]);
    removeObserver(port, two);
    removeObserver(port, two);
    port.observer?.received(new Frame(new Uint8Array(60)), Drop.loop);
    assert.deepEqual(notes.splice(0), ["one received", "three received"]);
    removeObserver(port, one);
    assert.equal(port.observer, three);
    removeObserver(port, three);
    assert.equal(port.observer, undefined);
  });
});

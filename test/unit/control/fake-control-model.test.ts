import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  dropRowSchema,
  fdbRowSchema,
  historySampleSchema,
  networkInfoSchema,
  pairListSchema,
  peerDetailSchema,
  peerRowSchema,
  serverInfoSchema,
} from "../../../src/control/model.ts";
import { FakeControlModel } from "../../fake-control-model.ts";

const operator = { name: "tester", role: "admin", address: "" } as const;

describe("the control model of tests", () => {
  test("shows what the schemas say", () => {
    const model = new FakeControlModel(100);
    model.advance(5_000);
    serverInfoSchema.parse(model.server());
    for (const network of model.networks()) networkInfoSchema.parse(network);
    for (const row of model.peers()) peerRowSchema.parse(row);
    peerDetailSchema.parse(model.peer("1"));
    for (const row of model.fdb()) fdbRowSchema.parse(row);
    for (const row of model.drops()) dropRowSchema.parse(row);
    for (const sample of model.history()) historySampleSchema.parse(sample);
    pairListSchema.parse(model.pairs());
    assert.equal([...model.peers()].length, 102);
  });

  test("has counters that never go down, also when somebody leaves", async () => {
    const model = new FakeControlModel(20);
    model.advance(10_000);
    const before = model.server().traffic;
    await model.perform(operator, { kind: "kick", peer: "3", reason: "enough", banMs: 60_000 });
    assert.equal(model.peer("3"), undefined);
    assert.deepEqual(model.server().traffic, before);
    assert.equal(model.bans().length, 1);
    assert.equal(model.performed[0]?.action.kind, "kick");
  });
});

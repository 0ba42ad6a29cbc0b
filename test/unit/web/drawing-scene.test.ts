import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { found, type Scene, sceneOf } from "../../../web/src/drawing/scene.ts";
import { FakeControlModel } from "../../fake-control-model.ts";

function sceneWith(model: FakeControlModel): Scene {
  return sceneOf([...model.peers()], model.networks(), [...model.fdb()]);
}

describe("what there is to draw", () => {
  const model = new FakeControlModel(50);
  const scene = sceneWith(model);

  test("is each network with its uplink and its peers, all of them once", () => {
    const rows = [...model.peers()].filter(({ kind }) => kind === "peer");
    for (const { name, uplink, peers } of scene.networks) {
      assert.equal(uplink, `uplink:${name}`);
      assert.deepEqual(
        peers,
        rows.filter(({ network }) => network === name).map(({ id }) => id),
      );
    }
  });

  test("has behind each bridge what the forwarding table says, without its own address and always in one order", () => {
    const bridges = [...scene.rows.values()].filter(({ bridge, kind }) => bridge && kind === "peer");
    assert.ok(bridges.length > 0);
    for (const { id, mac } of bridges) {
      const macs = [...model.fdb()].filter(({ peer }) => peer === id).map((entry) => entry.mac);
      assert.deepEqual(scene.behind.get(id), macs.filter((one) => one !== mac).sort());
    }
    for (const { id, bridge } of scene.rows.values()) if (!bridge) assert.equal(scene.behind.has(id), false);
  });

  test("is found by any of its texts, and by what is behind it", () => {
    assert.equal(found(scene, "  "), undefined);
    assert.equal(found(scene, "nobody is called so")?.size, 0);
    const [bridge, macs] = [...scene.behind][0] as [string, readonly string[]];
    assert.deepEqual([...(found(scene, macs.at(-1)?.toUpperCase() ?? "") ?? [])], [bridge]);
  });
});

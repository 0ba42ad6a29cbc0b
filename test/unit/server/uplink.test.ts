import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { MemoryPairOptions } from "../../../src/device/memory-pair.ts";
import { Uplink } from "../../../src/server/uplink.ts";
import { SWITCH_DEFAULTS, Switch } from "../../../src/switch/switch.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { Offload } from "../../../src/wire/offload.ts";
import { Segmenter } from "../../../src/wire/segment.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { superFrame } from "../../contract/test-frames.ts";
import { HandClock } from "../../hand-clock.ts";
import { addressed, ethernetFrame, Host } from "../../host.ts";

const TAP = "02:00:00:00:00:ff" as Mac;
const PEER = "02:00:00:00:00:0a" as Mac;

function makeUplink(options: Partial<MemoryPairOptions> = {}) {
  const host = new Host("uplink", TAP, options);
  const lan = new Switch({ clock: new HandClock() }, { ...SWITCH_DEFAULTS, hashSeed: 1 });
  const deps = { device: host.device, switch: lan, segmenter: new Segmenter({ headroom: 16 }) };
  const uplink = new Uplink(deps, { bridge: false });
  const received: Buffer[] = [];
  const egress = {
    deliver: ({ bytes, start, end }: Frame) => {
      received.push(Buffer.from(bytes.subarray(start, end)));
      return Drop.none;
    },
    flush: () => {},
  };
  const peer = lan.attach({ name: "peer", mac: PEER, bridge: false, egress });
  assert.ok(peer);
  uplink.start((error) => assert.fail(error));
  const forward = (bytes: Buffer, hasVnetHeader: boolean): void =>
    lan.forward(peer, new Frame(bytes).set(bytes, hasVnetHeader ? VNET_HEADER_BYTES : 0, bytes.length, hasVnetHeader));
  return { host, lan, uplink, received, forward };
}

const toTap = (payload: string): Buffer => ethernetFrame(TAP, PEER, payload);

describe("uplink", () => {
  test("a batch of the TAP's goes through the switch, and what the switch delivers reaches the TAP", async () => {
    const { host, lan, uplink, received, forward } = makeUplink();
    host.send(host.frameTo(PEER, "one"), host.frameTo(PEER, "two"));
    await waitFor("both frames", () => received.length === 2, { pollMs: 1 });
    forward(toTap("back"), false);
    lan.flush();
    await host.until(toTap("back"));
    assert.deepEqual([uplink.port.receivedFrames, uplink.port.sentFrames], [2, 1]);
  });

  test("a super-frame is cut for a kernel without offload, and goes whole to one that has it", async () => {
    const bytes = addressed(superFrame(2_500), TAP, PEER);
    for (const [offloads, frames] of [
      [Offload.none, 3],
      [Offload.csum | Offload.tso4, 1],
    ] as const) {
      const { host, lan, uplink, forward } = makeUplink({ offloads });
      forward(toTap("before"), false);
      forward(bytes, true);
      forward(toTap("after"), false);
      lan.flush();
      await host.until(toTap("after"));
      assert.equal(host.frames.length, 2 + frames);
      assert.deepEqual([host.frames[0], host.frames.at(-1)], [toTap("before"), toTap("after")], "the order is kept");
      assert.equal(uplink.port.sentFrames, 3);
      assert.equal(uplink.port.egressDrops.total, 0);
    }
  });

  test("frames that the kernel refuses are counted as lost, not as sent", () => {
    const { lan, uplink, forward } = makeUplink({ queueFrames: 2 });
    for (let i = 0; i < 5; i++) forward(toTap(`frame ${i}`), false);
    lan.flush();
    assert.equal(uplink.port.sentFrames, 2);
    assert.deepEqual(uplink.port.egressDrops.toJSON(), { "device-refused": 3 });
  });

  test("a super-frame whose segments the kernel refuses is one lost frame, and those before it are not blamed", () => {
    const { lan, uplink, forward } = makeUplink({ offloads: Offload.none, queueFrames: 2 });
    forward(toTap("first"), false);
    forward(addressed(superFrame(20_000), TAP, PEER), true);
    lan.flush();
    assert.equal(uplink.port.sentFrames, 1);
    assert.deepEqual(uplink.port.egressDrops.toJSON(), { "device-refused": 1 });
  });
});

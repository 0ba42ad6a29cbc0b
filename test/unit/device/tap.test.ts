import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { runIperf } from "../../../lab/iperf.ts";
import { Lab, type Namespace } from "../../../lab/namespace.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { VpnError } from "../../../src/base/errors.ts";
import { loadAddon } from "../../../src/device/addon.ts";
import { parseCidr } from "../../../src/device/cidr.ts";
import type { Device, FrameBatch } from "../../../src/device/device.ts";
import { openTap, TAP_DEFAULTS } from "../../../src/device/tap.ts";
import type { TapOptions } from "../../../src/device/tap-options.ts";
import { finishSum, sumBytes } from "../../../src/wire/checksum.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { OFFLOAD_ALL, Offload } from "../../../src/wire/offload.ts";
import { Segmenter } from "../../../src/wire/segment.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { joinByBridge, silentNamespace } from "../../contract/device-pair.ts";
import { Recorder, SUPER_FRAME_HEADERS_BYTES, superFrame, testFrame, writeFrames } from "../../contract/test-frames.ts";
import { collectGarbage } from "../../heap-growth.ts";

const NAME = `vt${process.pid}`;
const PACKAGE_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The largest frame that a message of 65535 bytes takes with its virtio-net header, less room for a VLAN tag. */
const LARGEST_SUPER_FRAME_BYTES = 65_535 - VNET_HEADER_BYTES - 4;

function withTap(options: Partial<TapOptions>, body: (tap: Device) => void): void {
  const tap = openTap({ ...TAP_DEFAULTS, name: NAME, up: false, ...options });
  try {
    body(tap);
  } finally {
    tap.close();
  }
}

function refuses(options: Partial<TapOptions>, code: string): void {
  assert.throws(
    () => withTap(options, () => {}),
    (error) => {
      assert.ok(error instanceof VpnError, String(error));
      assert.equal(error.code, code, error.message);
      return true;
    },
  );
}

const deviceExists = (name: string) => existsSync(`/sys/class/net/${name}`);
const openDescriptors = () => readdirSync("/proc/self/fd").length;

describe("the TAP", { skip: await whyNoLab("iperf3") }, () => {
  test("has the name, MTU, MAC, state and addresses that were asked for", () => {
    const addresses = ["10.251.9.1/24", "fd00:251::1/64"].map(parseCidr);
    const mac = "02:11:22:33:44:55" as Mac;
    withTap({ mtu: 1400, mac, addresses, up: true }, (tap) => {
      assert.deepEqual([tap.name, tap.mtu, tap.mac], [NAME, 1400, mac]);
      const { flags, mtu } = loadAddon().readLink(NAME);
      assert.deepEqual([flags & 1, mtu], [1, 1400]);
      const seen = networkInterfaces()[NAME]?.map(({ cidr }) => cidr) ?? [];
      for (const { text } of addresses) assert.ok(seen.includes(text), `${text} in ${seen}`);
      assert.match(execFileSync("ip", ["-4", "addr", "show", NAME], { encoding: "utf8" }), /brd 10\.251\.9\.255 /);
      assert.doesNotMatch(
        execFileSync("ip", ["-6", "addr", "show", NAME, "scope", "global"], { encoding: "utf8" }),
        /tentative/,
      );
    });
    assert.equal(deviceExists(NAME), false);
  });

  test("has another MTU when it is told to, unless the kernel refuses", () => {
    withTap({ mtu: 1500 }, (tap) => {
      tap.setMtu(1300);
      assert.deepEqual([tap.mtu, loadAddon().readLink(NAME).mtu], [1300, 1300]);
      assert.throws(() => tap.setMtu(70_000), /MTU 70000/);
      assert.deepEqual([tap.mtu, loadAddon().readLink(NAME).mtu], [1300, 1300]);
    });
  });

  test("takes a free number for %d, and differs from its neighbours in name and MAC", () => {
    withTap({ name: `${NAME}x%d` }, (first) => {
      withTap({ name: `${NAME}x%d` }, (second) => {
        assert.deepEqual([first.name, second.name], [`${NAME}x0`, `${NAME}x1`]);
        assert.notEqual(first.mac, second.mac);
      });
    });
  });

  test("takes an address twice, as a persistent TAP has it already", () => {
    const cidr = parseCidr("10.251.9.1/24");
    withTap({ addresses: [cidr, cidr] }, () => {});
  });

  test("that another holds, or whose name is taken by another kind of device, is refused", () => {
    withTap({}, () => refuses({}, "TAP_BUSY"));
    refuses({ name: "lo" }, "TAP_NAME_TAKEN");
  });

  test("needs the permission to make it", () => {
    process.seteuid?.(65_534);
    try {
      refuses({}, "TAP_NOT_PERMITTED");
    } finally {
      process.seteuid?.(0);
    }
  });

  test("offers the wanted offloads as far as the kernel has them, and none without virtio-net headers", () => {
    const { csum, tso4, tso6 } = Offload;
    withTap({}, ({ offloads }) => assert.equal(offloads & (csum | tso4 | tso6), csum | tso4 | tso6));
    withTap({ offloads: csum | tso4 }, ({ offloads }) => assert.equal(offloads, csum | tso4));
    withTap({ offloads: Offload.none }, ({ offloads }) => assert.equal(offloads, Offload.none));
    withTap({ vnetHeader: false, offloads: OFFLOAD_ALL }, ({ offloads }) => assert.equal(offloads, Offload.none));
  });

  test("is not inherited by children", () => {
    withTap({}, () => {
      const { stdout } = spawnSync("sh", ["-c", "ls -l /proc/self/fd"], { encoding: "utf8" });
      assert.match(stdout, /->/);
      assert.doesNotMatch(stdout, /net\/tun/);
    });
  });

  test("can be started once", () => {
    withTap({}, (tap) => {
      new Recorder(tap);
      assert.throws(() => new Recorder(tap), { syscall: "start" });
      tap.close();
      assert.throws(() => new Recorder(tap), { syscall: "start" });
    });
  });

  test("refuses frames while its link is down", () => {
    withTap({ up: false }, (tap) => assert.equal(writeFrames(tap, [testFrame(60)]), 1));
  });

  test("refuses as many frames as it was given, though it joined them", () => {
    withTap({}, (tap) => {
      const segments = segmentsOf(superFrame(3_500));
      assert.equal(writeFrames(tap, [testFrame(60), ...segments, testFrame(70)]), 6);
      assert.equal(tap.refused, 6);
      assert.equal(tap.refusedBytes, 130 + Buffer.concat(segments).length);
    });
  });

  test("opened and closed 500 times leaks neither descriptors nor memory", async () => {
    const cycle = () =>
      withTap({}, (tap) => {
        const recorder = new Recorder(tap);
        if (recorder.errors.length === 0) tap.pause();
      });
    cycle();
    const before = openDescriptors();
    // What leaks grows each time, the runtime's own memory now and then: a leaked read buffer per cycle would be 50 MB.
    const growths: number[] = [];
    for (let block = 0; block < 5; block++) {
      const beforeBytes = await settledMemory();
      for (let i = 0; i < 100; i++) {
        cycle();
        if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      growths.push((await settledMemory()) - beforeBytes);
    }
    // The runtime may close some of its own meanwhile.
    assert.ok(openDescriptors() <= before, `${openDescriptors()} descriptors, ${before} before`);
    assert.ok(Math.min(...growths) < 5e6, `grew by ${growths} bytes`);
  });

  test("goes away with its worker thread, even if that is terminated while reading", async () => {
    const source = `
      const addon = require("node-gyp-build")(${JSON.stringify(PACKAGE_ROOT)});
      const tap = new addon.Tap(${JSON.stringify(NAME)}, true);
      tap.start(new Uint8Array(1 << 17), new Uint32Array(64), 16, () => {});
      require("node:worker_threads").parentPort.postMessage("reading");
      setInterval(() => {}, 1000);`;
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(source, { eval: true, execArgv: [] });
      await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      assert.equal(deviceExists(NAME), true);
      await worker.terminate();
      await waitFor("the TAP's end", () => !deviceExists(NAME));
    }
  });

  describe("in a namespace", () => {
    let lab: Lab;
    let namespace: Namespace;
    before(async () => {
      lab = await Lab.open();
      namespace = await silentNamespace(lab);
    });
    after(() => lab.close());

    test("leaves nothing behind when a later step of opening fails, and says what to look at", async () => {
      const source = `
        import { existsSync, readdirSync } from "node:fs";
        import { parseCidr } from "./src/device/cidr.ts";
        import { openTap, TAP_DEFAULTS } from "./src/device/tap.ts";
        const descriptors = readdirSync("/proc/self/fd").length;
        try {
          openTap({ ...TAP_DEFAULTS, name: "leftover", addresses: [parseCidr("fd00:251::1/64")] });
        } catch ({ code, hint }) {
          const left = readdirSync("/proc/self/fd").length - descriptors;
          console.log(JSON.stringify({ code, hint, left, exists: existsSync("/sys/class/net/leftover") }));
        }`;
      const node = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", source];
      const { stdout } = await namespace.run(node, { cwd: PACKAGE_ROOT });
      const hint = "IPv6 may be switched off: see `sysctl net.ipv6.conf.leftover.disable_ipv6`.";
      assert.deepEqual(JSON.parse(stdout), { code: "ADDRESS_REFUSED", hint, left: 0, exists: false });
    });

    test("reads super-frames whole up to the limit, and beyond it what the kernel segmented", async () => {
      const pair = joinByBridge(namespace);
      try {
        const recorder = new Recorder(pair.right);
        const send = (frameBytes: number) => {
          const bytes = superFrame(frameBytes + VNET_HEADER_BYTES - SUPER_FRAME_HEADERS_BYTES);
          pair.left.write(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true));
          assert.equal(pair.left.flush(), 0);
        };
        send(LARGEST_SUPER_FRAME_BYTES);
        await waitFor("the whole frame", () => recorder.frames.length === 1, { pollMs: 1 });
        assert.equal(recorder.frames[0]?.bytes.length, LARGEST_SUPER_FRAME_BYTES);
        send(LARGEST_SUPER_FRAME_BYTES + 1);
        await waitFor("its segments", () => recorder.frames.length === 1 + 66, { pollMs: 1 });
        for (const { bytes } of recorder.frames.slice(1)) assert.ok(bytes.length <= 1054);
      } finally {
        pair.close();
      }
    });

    test("gives the kernel the segments of a flow in one frame, and all frames in their order", async () => {
      const pair = joinByBridge(namespace);
      try {
        const recorder = new Recorder(pair.right);
        const whole = superFrame(3_500);
        assert.equal(writeFrames(pair.left, [testFrame(60, 1), ...segmentsOf(whole), testFrame(60, 2)]), 0);
        await waitFor("all three", () => recorder.frames.length === 3, { pollMs: 1 });
        const [first, joined, last] = recorder.frames.map(({ bytes }) => bytes);
        assert.deepEqual([first, last], [testFrame(60, 1), testFrame(60, 2)]);
        const checksum = 14 + 20 + 16;
        const expected = Buffer.from(whole.subarray(VNET_HEADER_BYTES));
        expected.writeUInt16BE(joined?.readUInt16BE(checksum) ?? 0, checksum);
        assert.deepEqual(joined, expected);
      } finally {
        pair.close();
      }
    });

    test("carries real TCP in super-frames that a message of 65535 bytes takes, both ways", async () => {
      const [here, there] = [await lab.namespace("here"), await lab.namespace("there")];
      const taps = [await place(here, "10.251.8.1/24"), await place(there, "10.251.8.2/24")] as const;
      const pumps = [new Pump(taps[0], taps[1]), new Pump(taps[1], taps[0])] as const;
      try {
        const result = await runIperf(here, there, { address: "10.251.8.2", direction: "up", seconds: 1 });
        assert.ok(result.bytes > 10e6, `${result.bytes} bytes arrived`);
        const { largestBytes, superFrames, largestBatch } = pumps[0];
        assert.ok(superFrames > 100 && largestBatch > 1, `${superFrames} super-frames, batches up to ${largestBatch}`);
        assert.ok(largestBytes > 1514 && largestBytes <= LARGEST_SUPER_FRAME_BYTES, `largest frame ${largestBytes}`);
        assert.equal(taps[1].refused, 0);
      } finally {
        for (const tap of taps) tap.close();
      }
    });

    /** Opens a TAP and moves it into the namespace; its descriptor stays here. */
    async function place(target: Namespace, cidr: string): Promise<Device> {
      const tap = openTap({ ...TAP_DEFAULTS, name: `${NAME}p%d`, up: false });
      execFileSync("ip", ["link", "set", tap.name, "netns", target.name]);
      await target.setAddress(tap.name, cidr);
      return tap;
    }
  });
});

/** The frames that it stands for, with all their checksums. */
function segmentsOf(vnetFrame: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  // What the test frame leaves out because nobody looks: the sum of the pseudo-header.
  const bytes = Buffer.from(vnetFrame);
  const ip = VNET_HEADER_BYTES + 14;
  const tcp = ip + 20;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes.writeUInt16BE(~finishSum(sumBytes(view, ip + 12, tcp, 6 + bytes.length - tcp)) & 0xffff, tcp + 16);
  const frame = new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true);
  new Segmenter({ headroom: 0 }).segment(frame, 1_514, (segment, start, end) => {
    segments.push(Buffer.from(segment.subarray(start, end)));
  });
  return segments;
}

/** Resident bytes once the loop has closed its handles. */
async function settledMemory(): Promise<number> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return process.memoryUsage().rss;
}

/** Writes to one device what it reads from another. */
class Pump {
  largestBytes = 0;
  largestBatch = 0;
  superFrames = 0;
  readonly #to: Device;
  readonly #frame = new Frame(new Uint8Array(0));

  constructor(from: Device, to: Device) {
    this.#to = to;
    from.start({ onBatch: (batch) => this.#pass(batch), onError: (error) => assert.fail(error) });
  }

  #pass({ bytes, count, spans }: FrameBatch): void {
    this.largestBatch = Math.max(this.largestBatch, count);
    for (let i = 0; i < count; i++) {
      const [start = 0, end = 0] = [spans[2 * i], spans[2 * i + 1]];
      this.largestBytes = Math.max(this.largestBytes, end - start);
      if (bytes[start - VNET_HEADER_BYTES + 1] !== 0) this.superFrames++;
      this.#to.write(this.#frame.set(bytes, start, end, true));
    }
    this.#to.flush();
  }
}

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { DeviceError } from "../../../src/base/errors.ts";
import { DeviceMtu } from "../../../src/client/device-mtu.ts";
import { type MemoryDevice, memoryPair } from "../../../src/device/memory-pair.ts";
import { RecordingLog } from "../../recording-log.ts";

describe("the device's MTU", () => {
  let log: RecordingLog;
  let device: MemoryDevice;

  beforeEach(() => {
    log = new RecordingLog();
    [device] = memoryPair({ mtu: 1500 });
  });

  const make = (fitMtu = true): DeviceMtu => new DeviceMtu({ log, device }, { fitMtu });

  test("follows the network's down, and up again as far as it was", () => {
    const mtu = make();
    assert.equal(mtu.fit(1500), false);
    assert.equal(mtu.fit(1300), true);
    assert.equal(device.mtu, 1300);
    assert.equal(mtu.fit(1300), false);
    assert.equal(mtu.fit(9000), true);
    assert.equal(device.mtu, 1500);
    assert.deepEqual(
      log.of("client.mtu").map(({ fields }) => fields),
      [
        { mtu: 1300, before: 1500 },
        { mtu: 1500, before: 1300 },
      ],
    );
  });

  test("stays where somebody chose it; a smaller network is told of once", () => {
    const mtu = make(false);
    for (const networkMtu of [1300, 1300, 1500, 9000]) assert.equal(mtu.fit(networkMtu), false);
    assert.equal(device.mtu, 1500);
    assert.deepEqual(
      log.of("client.mtu-kept").map(({ fields }) => fields),
      [{ mtu: 1300, deviceMtu: 1500 }],
    );
  });

  test("does not follow below what IPv6 needs", () => {
    assert.equal(make().fit(1279), false);
    assert.equal(device.mtu, 1500);
    assert.equal(make().fit(1280), true);
  });

  test("that the kernel refuses to change is told of", () => {
    device.setMtu = () => {
      throw new DeviceError("NOT_PERMITTED", "Setting the MTU is not permitted.");
    };
    assert.equal(make().fit(1300), false);
    assert.match(log.of("client.mtu-kept")[0]?.message ?? "", /Setting the MTU is not permitted/);
  });
});

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, DropCounters } from "../../../src/base/drop-reason.ts";
import { DropReport } from "../../../src/server/drop-report.ts";

describe("drop report", () => {
  let ingress: DropCounters;
  let egress: DropCounters;
  let report: DropReport;
  beforeEach(() => {
    [ingress, egress] = [new DropCounters(), new DropCounters()];
    report = new DropReport(ingress, egress);
  });

  test("adds up both directions, and says only what is new", () => {
    ingress.add(Drop.arpSpoof, 2);
    egress.add(Drop.rateDown, 3);
    ingress.add(Drop.aclDenied, 1);
    egress.add(Drop.aclDenied, 1);
    assert.deepEqual(report.next(0), { "arp-spoof": 2, "acl-denied": 2, "rate-down": 3 });
    ingress.add(Drop.arpSpoof, 5);
    assert.deepEqual(report.next(10_000), { "arp-spoof": 5 });
  });

  test("is silent for a while after each report, and loses nothing by that", () => {
    ingress.add(Drop.rogueDhcp);
    assert.deepEqual(report.next(0), { "rogue-dhcp": 1 });
    ingress.add(Drop.rogueDhcp);
    assert.equal(report.next(9_999), undefined);
    ingress.add(Drop.rogueDhcp);
    assert.deepEqual(report.next(10_000), { "rogue-dhcp": 2 });
    assert.equal(report.next(20_000), undefined);
  });

  test("speaks of frames from a group address, which no honest host sends", () => {
    ingress.add(Drop.sourceInvalid);
    assert.deepEqual(report.next(0), { "source-invalid": 1 });
  });

  test("does not speak of what every network drops, and is not held up by it", () => {
    ingress.add(Drop.noDestination, 1000);
    egress.add(Drop.egressFull, 1000);
    assert.equal(report.next(0), undefined);
    ingress.add(Drop.sourceNotPinned);
    assert.deepEqual(report.next(1), { "source-not-pinned": 1 });
  });
});

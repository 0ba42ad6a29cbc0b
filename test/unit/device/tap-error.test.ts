import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import type { SystemFault } from "../../../src/device/addon.ts";
import { parseCidr } from "../../../src/device/cidr.ts";
import { addressError, explainFault, linkError, tapOpenError, tapReadError } from "../../../src/device/tap-error.ts";

const { EACCES, EADDRNOTAVAIL, EBADF, EBUSY, EINVAL, EIO, EMFILE, ENODEV, ENOENT, EPERM } = constants.errno;

function fault(errno: number, syscall: string): SystemFault {
  return Object.assign(new Error(`${syscall}: errno ${errno}`), { errno, syscall });
}

test("each refusal to open a TAP has its own code and reaction", () => {
  const cases = [
    [EPERM, "TUNSETIFF", "TAP_NOT_PERMITTED", "stop"],
    [EACCES, "open", "TAP_NOT_PERMITTED", "stop"],
    [ENOENT, "open", "TAP_UNAVAILABLE", "stop"],
    [ENODEV, "open", "TAP_UNAVAILABLE", "stop"],
    [EBUSY, "TUNSETIFF", "TAP_BUSY", "stop"],
    [EINVAL, "TUNSETIFF", "TAP_NAME_TAKEN", "exit"],
    [EINVAL, "TUNSETVNETHDRSZ", "TAP_OPEN_FAILED", "stop"],
    [EMFILE, "open", "TAP_OPEN_FAILED", "stop"],
  ] as const;
  for (const [errno, syscall, code, reaction] of cases) {
    const cause = fault(errno, syscall);
    const error = tapOpenError("vpn0", cause);
    assert.deepEqual([error.code, error.reaction, error.cause], [code, reaction, cause]);
  }
});

test("the hints say what to do", () => {
  assert.match(tapOpenError("vpn0", fault(EPERM, "open")).hint ?? "", /root or CAP_NET_ADMIN/);
  assert.match(tapOpenError("vpn0", fault(ENOENT, "open")).hint ?? "", /modprobe tun.*--device \/dev\/net\/tun/);
  assert.match(tapOpenError("vpn0", fault(EBUSY, "TUNSETIFF")).message, /"vpn0" is in use/);
});

test("a device file that keeps an ordinary user out is told from a missing capability", () => {
  assert.match(tapOpenError("vpn0", fault(EACCES, "open")).hint ?? "", /chmod 0666 \/dev\/net\/tun.*CAP_NET_ADMIN/);
  assert.doesNotMatch(tapOpenError("vpn0", fault(EPERM, "TUNSETIFF")).hint ?? "", /chmod/);
});

test("a refused setting or address names itself, its device and what may help", () => {
  assert.match(linkError("vpn0", "MTU 9000", fault(EINVAL, "IFLA_MTU")).message, /refused the MTU 9000 for "vpn0"/);
  assert.equal(linkError("vpn0", "MTU 9000", fault(EPERM, "IFLA_MTU")).code, "TAP_NOT_PERMITTED");
  const refusedV6 = addressError("vpn0", parseCidr("fd00::1/64"), fault(EACCES, "RTM_NEWADDR"));
  assert.match(`${refusedV6.message} ${refusedV6.hint}`, /fd00::1\/64.*net\.ipv6\.conf\.vpn0\.disable_ipv6/);
  const refusedV4 = addressError("vpn0", parseCidr("10.0.0.1/24"), fault(EADDRNOTAVAIL, "RTM_NEWADDR"));
  assert.match(refusedV4.message, /address 10\.0\.0\.1\/24 for "vpn0"/);
});

test("the end of reading is told as deletion or as a fault", () => {
  for (const errno of [77, EBADF, ENODEV]) assert.equal(tapReadError("vpn0", errno).code, "TAP_GONE");
  assert.equal(tapReadError("vpn0", EIO).code, "TAP_READ_FAILED");
});

test("only a kernel's refusal is explained; any other error passes as it is", () => {
  const bug = new TypeError("a bug");
  const throwing = (error: Error) => () => {
    throw error;
  };
  const explain = (cause: SystemFault) => linkError("vpn0", "MTU 9000", cause);
  assert.throws(() => explainFault(throwing(bug), explain), bug);
  assert.throws(() => explainFault(throwing(fault(EINVAL, "IFLA_MTU")), explain), { code: "LINK_REFUSED" });
});

import { constants } from "node:os";
import { ConfigError, DeviceError, type VpnError } from "../base/errors.ts";
import { isSystemFault, type SystemFault } from "./addon.ts";
import type { Cidr } from "./cidr.ts";

const { EACCES, EBADF, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM } = constants.errno;

/** "File descriptor in bad state" (asm-generic/errno.h): reading a TAP that was deleted. Node has no name for it. */
const EBADFD = 77;

/** Runs `call`; a kernel's refusal becomes the error that `explain` makes of it. */
export function explainFault<T>(call: () => T, explain: (fault: SystemFault) => VpnError): T {
  try {
    return call();
  } catch (error) {
    throw isSystemFault(error) ? explain(error) : error;
  }
}

const PRIVILEGE_HINT = "It needs root or CAP_NET_ADMIN; in a container also --cap-add NET_ADMIN --device /dev/net/tun.";
/** Where udev runs the file is open to all, and the capability decides; elsewhere it is root's. */
const DEVICE_FILE_HINT = `The mode of /dev/net/tun keeps this user out: chmod 0666 /dev/net/tun. ${PRIVILEGE_HINT}`;

function notPermitted(tried: string, cause: SystemFault): DeviceError {
  const isFileMode = cause.syscall === "open" && cause.errno === EACCES;
  const hint = isFileMode ? DEVICE_FILE_HINT : PRIVILEGE_HINT;
  return new DeviceError("TAP_NOT_PERMITTED", `${tried} is not permitted.`, { cause, hint });
}

/** What a refusal to open the TAP `name` means. */
export function tapOpenError(name: string, cause: SystemFault): VpnError {
  const { errno, syscall } = cause;
  if (errno === EPERM || errno === EACCES) return notPermitted(`Opening the TAP device "${name}"`, cause);
  if (errno === ENOENT || errno === ENODEV || errno === ENXIO) {
    return new DeviceError("TAP_UNAVAILABLE", `This system has no TAP devices: /dev/net/tun cannot be opened.`, {
      cause,
      hint: "Load the driver with `modprobe tun`; in a container pass --device /dev/net/tun.",
    });
  }
  if (errno === EBUSY) {
    return new DeviceError("TAP_BUSY", `The TAP device "${name}" is in use by another process.`, {
      cause,
      hint: "Stop that process, or choose another name.",
    });
  }
  if (errno === EINVAL && syscall === "TUNSETIFF") {
    return new ConfigError("TAP_NAME_TAKEN", `"${name}" is the name of an interface that is not a TAP device.`, {
      cause,
      hint: "Choose another name; `vpn%d` takes the next free number.",
    });
  }
  return new DeviceError("TAP_OPEN_FAILED", `The TAP device "${name}" could not be opened (${cause.message}).`, {
    cause,
  });
}

/** What a refusal to set `setting` (a noun with its value) on the link `name` means. */
export function linkError(name: string, setting: string, cause: SystemFault): DeviceError {
  if (cause.errno === EPERM) return notPermitted(`Setting the ${setting} of "${name}"`, cause);
  return new DeviceError("LINK_REFUSED", `The kernel refused the ${setting} for "${name}" (${cause.message}).`, {
    cause,
  });
}

/** What a refusal of an address on the link `name` means. */
export function addressError(name: string, cidr: Cidr, cause: SystemFault): DeviceError {
  const ipv6IsOff = cidr.bytes.length === 16 && cause.errno !== EPERM;
  if (!ipv6IsOff) return linkError(name, `address ${cidr.text}`, cause);
  return new DeviceError("ADDRESS_REFUSED", `The kernel refused ${cidr.text} on "${name}" (${cause.message}).`, {
    cause,
    hint: `IPv6 may be switched off: see \`sysctl net.ipv6.conf.${name}.disable_ipv6\`.`,
  });
}

/** What the end of reading from the running TAP `name` means. */
export function tapReadError(name: string, errno: number): DeviceError {
  if (errno === EBADFD || errno === EBADF || errno === ENODEV) {
    return new DeviceError("TAP_GONE", `The TAP device "${name}" is gone: it was deleted while in use.`);
  }
  return new DeviceError("TAP_READ_FAILED", `Reading from the TAP device "${name}" failed (errno ${errno}).`);
}

import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Device } from "../device/device.ts";

export interface DeviceMtuDeps {
  readonly log: Logger;
  readonly device: Device;
}

/**
 * Below this Linux takes IPv6 away from a device, and it does not come back by itself (RFC 8200 section 5). A server that
 * wants less wants more than to be fitted to.
 */
const LEAST_FITTED_MTU = 1280;

/**
 * Keeps the device's MTU at what the server's network takes, so that this machine sends nothing larger in the first
 * place: lower than at the start where the network takes less, and back again on a network that takes more.
 */
export class DeviceMtu {
  readonly #deps: DeviceMtuDeps;
  readonly #mayFit: boolean;
  readonly #atStart: number;
  /** The network's MTU that was told of last, to say it once. */
  #told: number | undefined;

  constructor(deps: DeviceMtuDeps, options: { readonly fitMtu: boolean }) {
    this.#deps = deps;
    this.#mayFit = options.fitMtu;
    this.#atStart = deps.device.mtu;
  }

  /** Takes the MTU that the server told; true if the device has another one now, which the server should know. */
  fit(networkMtu: number): boolean {
    const { device } = this.#deps;
    const wanted = Math.min(this.#atStart, networkMtu);
    if (wanted === device.mtu) return false;
    if (this.#mayFit && wanted >= LEAST_FITTED_MTU) return this.#set(wanted);
    this.#tell(networkMtu);
    return false;
  }

  #set(mtu: number): boolean {
    const { device, log } = this.#deps;
    const { mtu: before } = device;
    try {
      device.setMtu(mtu);
    } catch (error) {
      this.#tell(mtu, ` ${describeError(error)}`);
      return false;
    }
    const text = `${device.name} has an MTU of ${mtu} now, as the server's network takes: it had ${before}`;
    log.info("client.mtu", text, { mtu, before });
    return true;
  }

  #tell(mtu: number, reason = ""): void {
    const { device, log } = this.#deps;
    if (this.#told === mtu || mtu >= device.mtu) return;
    this.#told = mtu;
    const text = `the server's network has an MTU of ${mtu}, ${device.name} has ${device.mtu}: larger packets are sent in vain at first.${reason}\n  Start the client with --mtu ${mtu}.`;
    log.warn("client.mtu-kept", text, { mtu, deviceMtu: device.mtu });
  }
}

import { Drop, type DropReason } from "../base/drop-reason.ts";
import type { IpVersion } from "../wire/ip-prefix.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { Bindings } from "./bindings.ts";
import { isNeverASource } from "./ip-source.ts";

export interface IpSourceRuleOptions {
  /** A router passes on the packets of others, also those of its neighbours. */
  readonly router: boolean;
}

/**
 * IP source guard: an IP packet comes from an address of its sender's or from one that is nobody's here. Fragments are
 * judged too, for each has the whole IP header. A sender without an address yet uses the unspecified one, which is
 * nobody's.
 */
export class IpSourceRule {
  readonly #bindings: Bindings;
  readonly #holder: AddressHolder;
  readonly #isRouter: boolean;

  constructor(bindings: Bindings, holder: AddressHolder, options: IpSourceRuleOptions) {
    this.#bindings = bindings;
    this.#holder = holder;
    this.#isRouter = options.router;
  }

  /** Judges a frame with an IP header. */
  inspect(headers: PacketHeaders, nowMs: number): DropReason {
    const { bytes, sourceIp } = headers;
    const version = headers.ipVersion as IpVersion;
    if (isNeverASource(version, bytes, sourceIp)) return Drop.ipSpoof;
    if (this.#isRouter) return Drop.none;
    return this.#bindings.use(this.#holder, headers, version, sourceIp, nowMs) ? Drop.none : Drop.ipSpoof;
  }
}

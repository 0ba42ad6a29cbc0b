import { DROP_NAMES } from "../../../src/base/drop-reason.ts";
import { type AddressAttachment, AddressGuard, type AddressRulesOptions } from "../../../src/guard/address-guard.ts";
import { BINDINGS_DEFAULTS, Bindings, type BindingsOptions } from "../../../src/guard/bindings.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { UPLINK_OWNER } from "../../../src/guard/owner-ids.ts";
import { PacketHeaders } from "../../../src/wire/packet-headers.ts";

/** Bytes in front of and behind a frame, so that an offset into the frame alone is noticed. */
const AROUND = 7;

/** The bindings of one network and a clock; ports send through their guards. */
export class GuardedLan {
  readonly bindings: Bindings;
  readonly #headers = new PacketHeaders();
  readonly #uplink: AddressGuard;
  #ports = 1;
  nowMs = 1_000;

  constructor(options: Partial<BindingsOptions> = {}) {
    this.bindings = new Bindings({ ...BINDINGS_DEFAULTS, seed: 0x5eed, ...options });
    const attachment = {
      port: 0,
      owner: UPLINK_OWNER,
      bridge: true,
      dhcpServer: true,
      router: true,
      maxAddresses: 100,
    };
    this.#uplink = new AddressGuard(this.bindings, GUARD_DEFAULTS, attachment);
  }

  join(owner: number, rules: Partial<AddressAttachment & AddressRulesOptions> = {}): GuardedPort {
    const port = this.#ports++;
    const attachment = { port, owner, bridge: false, dhcpServer: false, router: false, maxAddresses: 64, ...rules };
    const guard = new AddressGuard(this.bindings, { ...GUARD_DEFAULTS, ...rules }, attachment);
    return new GuardedPort(this, port, guard);
  }

  fromUplink(frame: Uint8Array): void {
    this.#uplink.observe(this.parse(frame), this.nowMs);
  }

  parse(frame: Uint8Array): PacketHeaders {
    const bytes = new Uint8Array(frame.length + 2 * AROUND).fill(0xee);
    bytes.set(frame, AROUND);
    this.#headers.parse(bytes, AROUND, AROUND + frame.length);
    return this.#headers;
  }

  /** What is bound now, as texts: `10.0.0.1 claimed 7`, the last being the owner. */
  get bound(): string[] {
    const texts = [...this.bindings.entries(this.nowMs)].map(
      ({ address, vlanId, kind, owner }) => `${address}${vlanId === 0 ? "" : `@${vlanId}`} ${kind} ${owner}`,
    );
    return texts.sort();
  }
}

export class GuardedPort {
  readonly #lan: GuardedLan;
  readonly #guard: AddressGuard;
  readonly index: number;

  constructor(lan: GuardedLan, index: number, guard: AddressGuard) {
    this.#lan = lan;
    this.index = index;
    this.#guard = guard;
  }

  /** The name of the reason why a frame from the port is dropped; `none` if it goes on. */
  send(frame: Uint8Array): string {
    return DROP_NAMES[this.#guard.inspect(this.#lan.parse(frame), this.#lan.nowMs)] as string;
  }

  /** As `send`, of a super-frame. */
  sendSuper(frame: Uint8Array): string {
    const headers = this.#lan.parse(frame);
    headers.isSuperFrame = true;
    return DROP_NAMES[this.#guard.inspect(headers, this.#lan.nowMs)] as string;
  }

  leave(): void {
    this.#lan.bindings.release(this.index);
  }
}

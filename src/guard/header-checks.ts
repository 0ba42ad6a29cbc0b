import { Drop, type DropReason } from "../base/drop-reason.ts";
import type { Port } from "../switch/port.ts";
import type { PortRules } from "../switch/port-rules.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { AccessList } from "./acl.ts";
import { AddressGuard, MAX_ADDRESSES } from "./address-guard.ts";
import type { Bindings } from "./bindings.ts";
import type { GuardOptions } from "./guard-options.ts";
import { LinkFilter } from "./link-filter.ts";
import { SourcePrefixes } from "./source-prefixes.ts";

/** Whose the checks are. */
export interface HeaderChecksFor {
  readonly port: Port;
  /** Number of the owner, see owner-ids.ts. */
  readonly owner: number;
  readonly rules: PortRules;
  readonly options: GuardOptions;
}

/** All that is judged of a frame by its headers, in the order of their layers. Made anew when rules or options change. */
export class HeaderChecks {
  /** Whether `toPeer` has anything to say. */
  readonly looksAtEgress: boolean;
  readonly #link: LinkFilter;
  readonly #prefixes: SourcePrefixes;
  readonly #addresses: AddressGuard;
  readonly #acl: AccessList;

  constructor(bindings: Bindings, { port, owner, rules, options }: HeaderChecksFor) {
    const { bridge, index } = port;
    const { dhcpServer, router } = rules;
    const maxAddresses = bridge ? MAX_ADDRESSES.bridge : MAX_ADDRESSES.host;
    const attachment = { port: index, owner, bridge, dhcpServer, router, maxAddresses };
    this.#link = new LinkFilter(rules.etherTypes, rules.vlans);
    this.#prefixes = new SourcePrefixes(rules.sourcePrefixes);
    this.#addresses = new AddressGuard(bindings, options, attachment);
    this.#acl = new AccessList(rules.acl);
    this.looksAtEgress = looksAtEgress(rules);
  }

  fromPeer(headers: PacketHeaders, nowMs: number): DropReason {
    const link = this.#link.judge(headers);
    if (link !== Drop.none) return link;
    const prefix = this.#prefixes.judge(headers);
    if (prefix !== Drop.none) return prefix;
    const address = this.#addresses.inspect(headers, nowMs);
    return address === Drop.none ? this.#acl.fromPeer(headers) : address;
  }

  toPeer(headers: PacketHeaders): DropReason {
    const link = this.#link.judge(headers);
    return link === Drop.none ? this.#acl.toPeer(headers) : link;
  }
}

function looksAtEgress({ etherTypes, vlans, acl }: PortRules): boolean {
  return etherTypes !== undefined || vlans !== undefined || acl.some(({ direction }) => direction !== "from-peer");
}

import { DROP_NAMES, type DropReason } from "../base/drop-reason.ts";
import { EtherType } from "../wire/ethernet.ts";
import { IpProtocol } from "../wire/ip-packet.ts";
import { type IpPrefix, parseIpAddress, parseIpPrefix } from "../wire/ip-prefix.ts";
import { type Mac, parseMac } from "../wire/mac.ts";
import { FilterFault, type FilterWord } from "./filter-words.ts";
import {
  both,
  type End,
  type FrameTest,
  hasAddress,
  hasEtherType,
  hasMac,
  hasPort,
  hasProtocol,
  isAtLeast,
  isAtMost,
  isBroadcast,
  isDropped,
  isEgress,
  isIngress,
  isMulticast,
  isTagged,
  not,
  oneOf,
} from "./frame-tests.ts";

/** Parentheses and `not` inside of each other; each is a call inside of a call. */
const MAX_FILTER_DEPTH = 32;

const MAX_VLAN_ID = 4095;
const MAX_PORT = 65_535;
/** More than any frame has. */
const MAX_LENGTH = 1_000_000;

/** These may stand alone, or before what has ports. */
const WITH_PORTS: Readonly<Record<string, FrameTest>> = {
  tcp: hasProtocol(IpProtocol.tcp),
  udp: hasProtocol(IpProtocol.udp),
};
/** These may stand alone, or before what has addresses. */
const WITH_ADDRESSES: Readonly<Record<string, FrameTest>> = {
  ip: hasEtherType(EtherType.ipv4),
  ip6: hasEtherType(EtherType.ipv6),
  arp: hasEtherType(EtherType.arp),
};
const ALONE: Readonly<Record<string, FrameTest>> = {
  icmp: hasProtocol(IpProtocol.icmp, 4),
  icmp6: hasProtocol(IpProtocol.icmpv6, 6),
  broadcast: isBroadcast,
  multicast: isMulticast,
  ingress: isIngress,
  egress: isEgress,
};

const ENDS: Readonly<Record<string, End>> = { src: "source", dst: "destination" };
const OF_ADDRESSES = ["host", "net"];
const OF_PORTS = ["port", "portrange"];
const FIRST_WORDS = [
  ...["arp", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "vlan", "src", "dst", "host", "net", "port", "portrange"],
  ...["ether", "broadcast", "multicast", "dropped", "ingress", "egress", "less", "greater", "not", "("],
];

/**
 * Reads the words of a filter, top-down:
 *
 *     filter     term { and | or  term }          from the left to the right, both bind alike (as in tcpdump)
 *     term       not term │ ( filter ) │ primitive
 *     primitive  [ip │ ip6 │ arp] [src │ dst] host A, net A/L  │  [tcp │ udp] [src │ dst] port N, portrange N-M  │  …
 *
 * Throws a `FilterFault` where something else stands.
 */
export class FilterParser {
  readonly #words: readonly FilterWord[];
  /** Of the text, for faults behind its last word. */
  readonly #length: number;
  #next = 0;
  #depth = 0;

  constructor(words: readonly FilterWord[], length: number) {
    this.#words = words;
    this.#length = length;
  }

  /** All of it. */
  parse(): FrameTest {
    const test = this.#filter();
    if (this.#next < this.#words.length) throw this.#expected("`and`, `or` or the end");
    return test;
  }

  #filter(): FrameTest {
    let test = this.#term();
    for (;;) {
      if (this.#take("and")) test = both(test, this.#term());
      else if (this.#take("or")) test = oneOf(test, this.#term());
      else return test;
    }
  }

  #term(): FrameTest {
    if (this.#take("not")) return not(this.#deeper(() => this.#term()));
    if (!this.#take("(")) return this.#primitive();
    const test = this.#deeper(() => this.#filter());
    if (!this.#take(")")) throw this.#expected("`and`, `or` or `)`");
    return test;
  }

  #deeper(read: () => FrameTest): FrameTest {
    this.#depth++;
    if (this.#depth > MAX_FILTER_DEPTH)
      throw this.#fault(`more than ${MAX_FILTER_DEPTH} levels of parentheses and \`not\``);
    const test = read();
    this.#depth--;
    return test;
  }

  #primitive(): FrameTest {
    const alone = this.#oneOf(ALONE);
    if (alone !== undefined) return alone;
    const addressed = this.#oneOf(WITH_ADDRESSES);
    if (addressed !== undefined) return this.#narrowed(addressed, OF_ADDRESSES);
    const ported = this.#oneOf(WITH_PORTS);
    if (ported !== undefined) return this.#narrowed(ported, OF_PORTS);
    if (this.#take("vlan")) return isTagged(this.#numberIfAny(MAX_VLAN_ID));
    if (this.#take("ether")) return this.#ether();
    if (this.#take("dropped")) return isDropped(this.#dropReasonIfAny());
    if (this.#take("less")) return isAtMost(this.#number("a number of bytes", MAX_LENGTH));
    if (this.#take("greater")) return isAtLeast(this.#number("a number of bytes", MAX_LENGTH));
    return this.#ofEnd([...OF_ADDRESSES, ...OF_PORTS], FIRST_WORDS);
  }

  /** `tcp` alone, or `tcp port 80`. */
  #narrowed(test: FrameTest, kinds: readonly string[]): FrameTest {
    const next = this.#words[this.#next]?.text ?? "";
    if (!Object.hasOwn(ENDS, next) && !kinds.includes(next)) return test;
    return both(test, this.#ofEnd(kinds, kinds));
  }

  /** `[src │ dst] host A`, and so on; `src A` is short for `src host A`. */
  #ofEnd(kinds: readonly string[], expected: readonly string[]): FrameTest {
    const end = this.#oneOf(ENDS);
    const kind = kinds.find((word) => this.#take(word));
    if (kind === "port") return this.#port(end ?? "either");
    if (kind === "portrange") return this.#portRange(end ?? "either");
    if (kind === "net") return hasAddress(end ?? "either", this.#prefix());
    if (kind === "host") return hasAddress(end ?? "either", this.#address());
    if (end !== undefined && kinds.includes("host") && this.#isAddress()) return hasAddress(end, this.#address());
    throw this.#expected(quoted(end === undefined ? expected : kinds));
  }

  #ether(): FrameTest {
    if (this.#take("broadcast")) return isBroadcast;
    if (this.#take("multicast")) return isMulticast;
    if (this.#take("proto")) return hasEtherType(this.#etherType());
    const end = this.#oneOf(ENDS);
    if (!this.#take("host") && end === undefined) {
      throw this.#expected(quoted(["host", "src", "dst", "proto", "broadcast", "multicast"]));
    }
    return hasMac(end ?? "either", this.#mac());
  }

  #port(end: End): FrameTest {
    const port = this.#number(`a port from 0 to ${MAX_PORT}`, MAX_PORT);
    return hasPort(end, port, port);
  }

  #portRange(end: End): FrameTest {
    const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(this.#text()) ?? [];
    const isRange = from !== undefined && to !== undefined && Number(from) <= Number(to) && Number(to) <= MAX_PORT;
    if (!isRange) throw this.#expected("two ports such as `8000-8099`");
    this.#next++;
    return hasPort(end, Number(from), Number(to));
  }

  #isAddress(): boolean {
    return parseIpAddress(this.#text()) !== undefined;
  }

  #address(): IpPrefix {
    if (!this.#isAddress()) throw this.#expected("an IP address; for `10.0.0.0/8` there is `net`");
    return this.#prefix();
  }

  #prefix(): IpPrefix {
    const prefix = parseIpPrefix(this.#text());
    if (prefix === undefined) throw this.#expected("an IP network such as `10.0.0.0/8` or `fd00::/8`");
    this.#next++;
    return prefix;
  }

  #mac(): Mac {
    const mac = parseMac(this.#text());
    if (mac === undefined) throw this.#expected("a MAC address such as `02:00:00:00:00:01`");
    this.#next++;
    return mac;
  }

  #etherType(): number {
    const text = this.#text();
    const isNumber = /^(0x[0-9a-f]{1,4}|\d{1,5})$/.test(text) && Number(text) <= 0xffff;
    if (!isNumber) throw this.#expected("an ethertype such as `0x0806`");
    this.#next++;
    return Number(text);
  }

  #dropReasonIfAny(): DropReason | undefined {
    const reason = DROP_NAMES.indexOf(this.#text());
    if (reason <= 0) return undefined;
    this.#next++;
    return reason as DropReason;
  }

  #number(what: string, most: number): number {
    const number = this.#numberIfAny(most);
    if (number === undefined) throw this.#expected(what);
    return number;
  }

  #numberIfAny(most: number): number | undefined {
    const text = this.#text();
    if (!/^\d{1,7}$/.test(text)) return undefined;
    if (Number(text) > most) throw this.#expected(`a number up to ${most}`);
    this.#next++;
    return Number(text);
  }

  /** What the next word stands for, if it is in the table; it is taken then. */
  #oneOf<Value>(table: Readonly<Record<string, Value>>): Value | undefined {
    const text = this.#text();
    if (!Object.hasOwn(table, text)) return undefined;
    this.#next++;
    return table[text];
  }

  #take(word: string): boolean {
    if (this.#text() !== word) return false;
    this.#next++;
    return true;
  }

  #text(): string {
    return this.#words[this.#next]?.text ?? "";
  }

  #expected(what: string): FilterFault {
    const found = this.#words[this.#next];
    return this.#fault(
      `${found === undefined ? "it ends here" : `\`${found.text}\` stands here`}, expected is ${what}`,
    );
  }

  #fault(message: string): FilterFault {
    return new FilterFault(this.#words[this.#next]?.at ?? this.#length, message);
  }
}

function quoted(words: readonly string[]): string {
  const all = words.map((word) => `\`${word}\``);
  return [all.slice(0, -1).join(", "), all.at(-1)].filter((part) => part !== "").join(" or ");
}

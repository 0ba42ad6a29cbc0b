/**
 * Filters as texts together with what they mean, said a second time: over slices and the naive reader's headers, each
 * part a value of its own. Slow and plain on purpose.
 */
import fc from "fast-check";
import { DROP_NAMES } from "../../src/base/drop-reason.ts";
import { type NaiveHeaders, naiveHeaders } from "./naive-headers.ts";

export interface Passing {
  readonly frame: readonly number[];
  readonly isEgress: boolean;
  readonly drop: number;
}

interface Seen extends Passing {
  readonly headers: NaiveHeaders;
}

export interface NaiveFilter {
  readonly text: string;
  readonly holds: (seen: Seen) => boolean;
}

type End = "" | "src " | "dst ";

export const seen = (passing: Passing): Seen => ({ ...passing, headers: naiveHeaders(passing.frame) });

const simple = (text: string, holds: (seen: Seen) => boolean): NaiveFilter => ({ text, holds });
const hex = (bytes: readonly number[]): string => Buffer.from(bytes).toString("hex");
const macText = (bytes: readonly number[]): string => (hex(bytes).match(/../g) ?? []).join(":");
const bits = (bytes: readonly number[], count: number): string =>
  bytes
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, count);

/** Of the two values of both ends, those that are asked about. */
function some<Value>(
  end: End,
  [source, destination]: readonly [Value, Value],
  holds: (value: Value) => boolean,
): boolean {
  return (end !== "dst " && holds(source)) || (end !== "src " && holds(destination));
}

function addressesOf({ frame, headers }: Seen): readonly [number[], number[]] {
  const { ipVersion, sourceIp, destinationIp, network, etherType } = headers;
  const bytes = ipVersion === 6 ? 16 : 4;
  if (ipVersion !== 0)
    return [frame.slice(sourceIp, sourceIp + bytes), frame.slice(destinationIp, destinationIp + bytes)];
  const arp = frame.slice(network);
  const isArp = etherType === 0x0806 && arp.length >= 28 && hex(arp.slice(0, 6)) === "000108000604";
  return isArp ? [arp.slice(14, 18), arp.slice(24, 28)] : [[], []];
}

const end = fc.constantFrom<End>("", "src ", "dst ");
const flag = fc.constantFrom(
  simple("arp", ({ headers }) => headers.etherType === 0x0806),
  simple("ip", ({ headers }) => headers.etherType === 0x0800),
  simple("ip6", ({ headers }) => headers.etherType === 0x86dd),
  simple("tcp", ({ headers }) => headers.protocol === 6),
  simple("udp", ({ headers }) => headers.protocol === 17),
  simple("icmp", ({ headers }) => headers.ipVersion === 4 && headers.protocol === 1),
  simple("icmp6", ({ headers }) => headers.ipVersion === 6 && headers.protocol === 58),
  simple("vlan", ({ headers }) => headers.tags > 0),
  simple("vlan 5", ({ headers }) => headers.vlanId === 5),
  simple("vlan 0", ({ headers }) => headers.tags > 0 && headers.vlanId === 0),
  simple("broadcast", ({ frame }) => hex(frame.slice(0, 6)) === "ffffffffffff"),
  simple("multicast", ({ frame }) => frame.length >= 6 && (frame[0] as number) % 2 === 1),
  simple("ingress", ({ isEgress }) => !isEgress),
  simple("egress", ({ isEgress }) => isEgress),
  simple("dropped", ({ drop }) => drop > 0),
  simple("ether proto 0x0806", ({ headers }) => headers.etherType === 0x0806),
);
const dropped = fc
  .integer({ min: 1, max: DROP_NAMES.length - 1 })
  .map((reason) => simple(`dropped ${DROP_NAMES[reason]}`, ({ drop }) => drop === reason));
const length = fc
  .tuple(fc.constantFrom("less", "greater"), fc.nat(90))
  .map(([word, bytes]) =>
    simple(`${word} ${bytes}`, ({ frame }) => (word === "less" ? frame.length <= bytes : frame.length >= bytes)),
  );
const ports = fc
  .tuple(end, fc.constantFrom<[number, number]>([0, 0], [53, 53], [80, 443], [54, 65_535]))
  .map(([which, [from, to]]) =>
    simple(from === to ? `${which}port ${from}` : `${which}portrange ${from}-${to}`, ({ headers }) =>
      some(which, [headers.sourcePort, headers.destinationPort], (port) => port >= from && port <= to),
    ),
  );
/** Those of `damaged-frame.ts`, and neighbours of them. */
const network = fc
  .tuple(fc.constantFrom(4, 16), fc.constantFrom(10, 11, 0xfd), fc.constantFrom(0, 1), fc.nat(128))
  .map(([bytes, first, last, most]) => ({
    address: [first, ...new Array<number>(bytes - 2).fill(0), last],
    most: Math.min(most, bytes * 8),
  }));
const textOf = (address: readonly number[]): string =>
  address.length === 4 ? address.join(".") : (hex(address).match(/..../g) ?? []).join(":");
const addresses = fc.tuple(end, network, fc.boolean()).map(([which, { address, most }, isHost]) =>
  simple(isHost ? `${which}host ${textOf(address)}` : `${which}net ${textOf(address)}/${most}`, (passing) =>
    some(which, addressesOf(passing), (found) => {
      const count = isHost ? address.length * 8 : most;
      return found.length === address.length && bits(found, count) === bits(address, count);
    }),
  ),
);
const macs = fc
  .tuple(end, fc.constantFrom([2, 0, 0, 0, 0, 1], [255, 255, 255, 255, 255, 255]))
  .map(([which, mac]) =>
    simple(`ether ${which}host ${macText(mac)}`, ({ frame }) =>
      frame.length < 12 ? false : some(which, [frame.slice(6, 12), frame.slice(0, 6)], (one) => hex(one) === hex(mac)),
    ),
  );

const primitive = fc.oneof(flag, dropped, length, ports, addresses, macs);

/** Filters of some depth. What stands between `and` and `or` is in parentheses unless the order is the left's. */
export const filterArbitrary: fc.Arbitrary<NaiveFilter> = fc.letrec<{ filter: NaiveFilter; term: NaiveFilter }>(
  (tie) => ({
    filter: fc.oneof(
      { maxDepth: 4 },
      tie("term"),
      fc
        .tuple(tie("filter"), fc.constantFrom("and", "or", "&&", "||"), tie("term"))
        .map(([left, word, right]) =>
          simple(`${left.text} ${word} ${right.text}`, (passing) =>
            word === "and" || word === "&&"
              ? left.holds(passing) && right.holds(passing)
              : left.holds(passing) || right.holds(passing),
          ),
        ),
    ),
    term: fc.oneof(
      { maxDepth: 4 },
      primitive,
      fc
        .tuple(fc.constantFrom("not ", "!", "! "), tie("term"))
        .map(([word, term]) => simple(`${word}${term.text}`, (passing) => !term.holds(passing))),
      tie("filter").map(({ text, holds }) => simple(`(${text})`, holds)),
    ),
  }),
).filter;

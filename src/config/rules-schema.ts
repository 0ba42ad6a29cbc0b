import { z } from "zod";
import type { PolicyRules } from "../access/policy-rules.ts";
import { FDB_DEFAULTS } from "../switch/fdb.ts";
import { defaultBurstBytes, type RateLimit } from "../switch/port-rules.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { accessList } from "./acl-schema.ts";
import { hostAddress, ipPrefix, unicastMac } from "./address-fields.ts";
import { ETHER_TYPE_NAMES, parseEtherType } from "./ether-type-name.ts";
import { parseBytes } from "./parse-bytes.ts";
import { parseExpiry } from "./parse-expiry.ts";
import { type NumberRange, parseRange } from "./parse-range.ts";
import { parseRate } from "./parse-rate.ts";
import { renameKeys } from "./renamed-keys.ts";
import { list, oneOf, orWord, parsed, section, sectionOr, wholeNumber } from "./schema-fields.ts";

/** Each frame of a peer is compared with these. */
const MAX_PER_FRAME = 64;
const MAX_MACS = 1_024;
const MAX_SESSIONS = 65_536;
const MAX_VLAN = 4_094;

/** Slower than 8 kbit/s, not even the keepalive of what runs over it would live. */
const MIN_RATE_BYTES = 1_000;
/** 1 Tbit/s: faster than any line, and far below where numbers lose precision. */
const MAX_RATE_BYTES = 125_000_000_000;

const rateLimit: z.ZodType<RateLimit> = sectionOr(
  "rate",
  section({
    rate: parsed("rate such as 20Mbit, 500kbit or 1Gbit", parseRate).refine(
      (bytes) => bytes >= MIN_RATE_BYTES && bytes <= MAX_RATE_BYTES,
      { error: "must be from 8kbit to 1000Gbit" },
    ),
    burst: parsed("size such as 64KiB or 1MB", parseBytes)
      .refine((bytes) => bytes >= MAX_FRAME_BYTES, { error: `must be at least ${MAX_FRAME_BYTES}B, the largest frame` })
      .optional(),
  }).transform(({ rate, burst }) => ({ bytesPerSecond: rate, burstBytes: burst ?? defaultBurstBytes(rate) })),
);

const etherType = parsed("ethertype", parseEtherType, ETHER_TYPE_NAMES);
const vlanRange = parsed("VLAN: an id from 1 to 4094, a range such as 20-29, or untagged", parseVlans);
const vlans = list(vlanRange).transform((ranges): readonly number[] => [...new Set(ranges.flatMap(numbersIn))]);

const RULE_NAMES = {
  max_macs: "maxMacs",
  source_prefixes: "sourcePrefixes",
  ethertypes: "etherTypes",
  dhcp_server: "dhcpServer",
  expires: "expiresMs",
} as const;

/** The keys that everybody, a group and a user can have. */
function ruleFields(networkNames: readonly string[]) {
  return {
    networks: list(oneOf("network of this file", networkNames)).optional(),
    bridge: z.boolean().optional(),
    macs: orWord("any", list(unicastMac, MAX_MACS)).optional(),
    max_macs: wholeNumber(1, FDB_DEFAULTS.maxLearnedPerPort).optional(),
    source_prefixes: orWord("any", list(ipPrefix, MAX_PER_FRAME)).optional(),
    addresses: list(hostAddress, MAX_PER_FRAME).optional(),
    isolated: z.boolean().optional(),
    sessions: wholeNumber(1, MAX_SESSIONS).optional(),
    yields: oneOf("session that can yield", ["oldest", "newest"]).optional(),
    up: orWord("unlimited", rateLimit).optional(),
    down: orWord("unlimited", rateLimit).optional(),
    ethertypes: orWord("any", list(etherType, MAX_PER_FRAME)).optional(),
    vlans: orWord("any", vlans).optional(),
    acl: accessList.optional(),
    dhcp_server: z.boolean().optional(),
    router: z.boolean().optional(),
    expires: orWord("never", parsed("date such as 2027-01-31 or 2027-01-31T18:00:00Z", parseExpiry)).optional(),
    from: orWord("anywhere", list(ipPrefix)).optional(),
    deny: z.boolean().optional(),
  };
}

/** The rules of everybody or of a user. `networkNames` are those of the file. */
export function rulesSchema(networkNames: readonly string[]): z.ZodType<PolicyRules> {
  return section(ruleFields(networkNames)).transform((rules) => renameKeys(rules, RULE_NAMES));
}

/** The members and the rules of a group. `member` is the schema of a user's name. */
export function groupSchema(networkNames: readonly string[], member: z.ZodType<string>) {
  return section({ members: list(member, 65_536).default([]), ...ruleFields(networkNames) }).transform(
    ({ members, ...rules }) => ({ members, rules: renameKeys(rules, RULE_NAMES) satisfies PolicyRules }),
  );
}

/** 0 stands for untagged, as in PortRules. */
function parseVlans(text: string): NumberRange | undefined {
  return text === "untagged" ? { from: 0, to: 0 } : parseRange(text, 1, MAX_VLAN);
}

function numbersIn({ from, to }: NumberRange): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

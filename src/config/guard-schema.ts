import { z } from "zod";
import { type FrameBudget, GUARD_DEFAULTS, type GuardOptions } from "../guard/guard-options.ts";
import { parseDuration } from "./duration.ts";
import { renameKeys } from "./renamed-keys.ts";
import { parsed, section, wholeNumber } from "./schema-fields.ts";

/** More frames per second than any port can carry. */
const MAX_FRAMES = 100_000_000;
const MAX_TIME_MS = 30 * 86_400_000;

const flag = z.boolean().optional();
const time = parsed("duration such as 30s, 5m or 12h", parseDuration)
  .refine((ms) => ms >= 1_000 && ms <= MAX_TIME_MS, { error: "must be from 1s to 30d" })
  .optional();

/** What is left out keeps its default. */
function budget(defaults: FrameBudget) {
  return section({
    per_second: wholeNumber(1, MAX_FRAMES).default(defaults.perSecond),
    burst: wholeNumber(1, MAX_FRAMES).default(defaults.burst),
  })
    .transform(({ per_second, burst }): FrameBudget => ({ perSecond: per_second, burst }))
    .optional();
}

/** The file's spelling of each option of the guard. */
const GUARD_NAMES = {
  mac_ownership: "macOwnership",
  mac_ownership_time: "macOwnershipMs",
  reserved_destinations: "reservedDestinations",
  rogue_dhcp: "rogueDhcp",
  rogue_router: "rogueRouter",
  arp_spoofing: "arpSpoofing",
  neighbour_spoofing: "neighbourSpoofing",
  ip_spoofing: "ipSpoofing",
  unparsable_headers: "unparsableHeaders",
  storm_control: "stormControl",
  unknown_unicast: "unknownUnicast",
  new_macs: "newMacs",
  new_mac_budget: "newMacBudget",
  loop_detection: "loopDetection",
  shut_time: "shutMs",
  max_shut_time: "maxShutMs",
} as const;

const guard = section({
  mac_ownership: flag,
  mac_ownership_time: time,
  reserved_destinations: flag,
  rogue_dhcp: flag,
  rogue_router: flag,
  arp_spoofing: flag,
  neighbour_spoofing: flag,
  ip_spoofing: flag,
  unparsable_headers: flag,
  storm_control: flag,
  broadcast: budget(GUARD_DEFAULTS.broadcast),
  multicast: budget(GUARD_DEFAULTS.multicast),
  unknown_unicast: budget(GUARD_DEFAULTS.unknownUnicast),
  new_macs: flag,
  new_mac_budget: budget(GUARD_DEFAULTS.newMacBudget),
  loop_detection: flag,
  shut_time: time,
  max_shut_time: time,
})
  .transform((options) => ({ ...GUARD_DEFAULTS, ...renameKeys(options, GUARD_NAMES) }) as GuardOptions)
  .refine(({ shutMs, maxShutMs }) => shutMs <= maxShutMs, {
    path: ["max_shut_time"],
    error: "must not be less than shut_time",
  });

/** `off` is the whole guard; everything in it can be switched off by itself. */
export const guardSchema: z.ZodType<GuardOptions | undefined> = z.preprocess(
  (input) => (input === "off" || input === false ? undefined : input),
  guard.optional(),
);

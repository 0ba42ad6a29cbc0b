import type { z } from "zod";
import type { PolicyNetwork } from "../access/policy-rules.ts";
import { isUserName } from "../access/user-name.ts";
import { type ListenAddress, parseListenAddress } from "../transport/listen-address.ts";
import { parseDuration } from "./duration.ts";
import { isPrintable, list, parsed, section, word } from "./schema-fields.ts";
import { type ControlConfig, DEFAULT_SERVER_CONFIG } from "./server-config.ts";

const MAX_LISTENERS = 16;
const MIN_SESSION_MS = 60_000;
const MAX_SESSION_MS = 30 * 86_400_000;

const { control: defaults } = DEFAULT_SERVER_CONFIG;

const operators = list(word("name of a user, or of a @group", parseOperator));

/** Who looks at the server and steers it, and where. */
export const controlSchema: z.ZodType<ControlConfig> = section({
  listen: list(parsed("address for the control API, or none", parseControlPlace), MAX_LISTENERS).optional(),
  path: parsed("path such as /admin", parseControlPath).optional(),
  hosts: list(word("name of a host", parseHost)).optional(),
  admins: operators.optional(),
  viewers: operators.optional(),
  session: parsed("duration such as 8h", parseDuration)
    .refine((ms) => ms >= MIN_SESSION_MS && ms <= MAX_SESSION_MS, { error: "must be from 1m to 30d" })
    .optional(),
}).transform(({ listen = [], path, hosts, admins, viewers, session }) => ({
  ...placesOf(listen),
  path,
  hosts: hosts ?? defaults.hosts,
  admins: admins ?? defaults.admins,
  viewers: viewers ?? defaults.viewers,
  sessionMs: session,
}));

/** Where the control API is: an address, or the word that takes this machine's socket away. */
export type ControlPlace = ListenAddress | "none";

/** Parses one place. Undefined for one that is only for frames; a ConfigError for what is no address. */
export function parseControlPlace(text: string): ControlPlace | undefined {
  if (text === "none") return text;
  const address = parseListenAddress(text);
  return address.kind === "tcp" ? undefined : address;
}

/** What a list of places says. */
export function placesOf(places: readonly ControlPlace[]): Pick<ControlConfig, "listen" | "isLocal"> {
  return { listen: places.filter((place) => place !== "none"), isLocal: !places.includes("none") };
}

/** A path that pages can stand under; undefined if it is none. */
export function parseControlPath(text: string): string | undefined {
  return /^(?:\/[A-Za-z0-9][A-Za-z0-9._~-]*){1,8}$/.test(text) && text.length <= 255 ? text : undefined;
}

/** A network whose clients go to where the pages would be; undefined if there is none. */
export function networkBelow(path: string | undefined, networks: readonly PolicyNetwork[]): PolicyNetwork | undefined {
  if (path === undefined) return undefined;
  return networks.find((network) => network.path === path || network.path?.startsWith(`${path}/`) === true);
}

function parseOperator(text: string): string | undefined {
  const name = text.replace(/^@/, "");
  return (text.startsWith("@") ? isPrintable(name) : isUserName(name)) ? text : undefined;
}

function parseHost(text: string): string | undefined {
  return /^[A-Za-z0-9.-]{1,253}$/.test(text) ? text.toLowerCase() : undefined;
}

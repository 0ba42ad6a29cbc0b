import { ConfigError } from "../base/errors.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import { findUser } from "./accounts.ts";
import { LOOPBACK } from "./server-settings.ts";

/** What of the configuration says who stands in front of a listener. */
export type FrontConfig = Pick<ServerConfig, "trustedProxies" | "socketUsers">;

/** Web servers in front of our listeners, as the configuration in force knows them: a reload holds from the next connection on. */
export class KnownFronts {
  #shared: readonly IpPrefix[] = [];
  #uids: ReadonlySet<number> = new Set();

  constructor(config: FrontConfig) {
    this.use(config);
  }

  use({ trustedProxies, socketUsers }: FrontConfig): void {
    this.#shared = [...trustedProxies, ...LOOPBACK];
    this.#uids = new Set(socketUsers.flatMap(uidOf));
  }

  /** Whether many clients come from this IP address. */
  readonly isSharedAddress = (text: string): boolean => {
    const address = parseIpAddress(text);
    return address !== undefined && somePrefixHolds(this.#shared, address);
  };

  /** Who may speak to a unix socket: root, we ourselves, and users by name. Not those of whom the kernel does not say who they are. */
  readonly mayConnect = (uid: number | undefined): boolean =>
    uid !== undefined && (uid === 0 || uid === process.geteuid?.() || this.#uids.has(uid));
}

/** A user who is not there is nobody. */
function uidOf(name: string): number[] {
  try {
    return [findUser(name, "socket_users").uid];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

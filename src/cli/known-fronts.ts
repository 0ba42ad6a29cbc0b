import { ConfigError } from "../base/errors.ts";
import type { ServerConfig } from "../config/server-config.ts";
import type { MayConnect } from "../transport/incoming.ts";
import { type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import { findUser } from "./accounts.ts";
import { LOOPBACK } from "./server-settings.ts";

/** What of the configuration says who stands in front of a listener. */
export type FrontConfig = Pick<ServerConfig, "trustedProxies" | "socketUsers">;

/** Web servers in front of our listeners, as the configuration in force knows them: a reload holds from the next connection on. */
export class KnownFronts {
  #shared: readonly IpPrefix[] = [];
  #maySpeak: MayConnect = () => false;

  constructor(config: FrontConfig) {
    this.use(config);
  }

  use({ trustedProxies, socketUsers }: FrontConfig): void {
    this.#shared = [...trustedProxies, ...LOOPBACK];
    this.#maySpeak = socketUserCheck(socketUsers);
  }

  /** Whether many clients come from this IP address. */
  readonly isSharedAddress = (text: string): boolean => {
    const address = parseIpAddress(text);
    return address !== undefined && somePrefixHolds(this.#shared, address);
  };

  /** See `socketUserCheck`. */
  readonly mayConnect: MayConnect = (uid) => this.#maySpeak(uid);
}

/** Who may speak to a unix socket: root, we ourselves, and users by name. Not those of whom the kernel does not say who they are. */
export function socketUserCheck(socketUsers: readonly string[]): MayConnect {
  const uids: ReadonlySet<number> = new Set(socketUsers.flatMap(uidOf));
  // We may have become another user since.
  return (uid) => uid !== undefined && (uid === 0 || uid === process.geteuid?.() || uids.has(uid));
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

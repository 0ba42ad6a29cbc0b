import { addressKey } from "../access/address-key.ts";
import type { Peer } from "./peer.ts";

/** Whose lines in the log are counted together: a user's, or of those without a name all from an address. */
export function logSourceOf({ owner, remote }: Peer): string {
  return remote.user === "" ? addressKey(remote.address) : owner;
}

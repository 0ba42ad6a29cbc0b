import type { PeerRow } from "../../../src/control/model.ts";

/** What a peer or uplink is called, where its number says too little. */
export function nameOf({
  kind,
  id,
  user,
  network,
  mac,
}: Pick<PeerRow, "kind" | "id" | "user" | "network" | "mac">): string {
  if (kind === "uplink") return `uplink of ${network}`;
  return user === "" ? `anonymous ${mac ?? id}` : user;
}

import type { PeerRow } from "../../../src/control/model.ts";
import type { DrawnNode } from "./placing.ts";
import type { Scene } from "./scene.ts";

/** How somebody is drawn: each has a colour and a shape of its own, because not everybody tells colours apart. */
export const SYMBOLS = ["server", "open", "held", "leaving", "shut", "group"] as const;
export type SymbolName = (typeof SYMBOLS)[number];

export const SYMBOL_MEANINGS: Readonly<Record<SymbolName, string>> = {
  server: "server",
  open: "here",
  held: "connection lost, held",
  leaving: "leaving",
  shut: "shut by the guard",
  group: "many peers, folded",
};

export function symbolOf(node: DrawnNode, { rows }: Scene): SymbolName {
  if (node.kind === "group") return "group";
  if (node.kind !== "peer") return "server";
  const row = rows.get(node.id);
  return row === undefined ? "leaving" : symbolOfPeer(row);
}

function symbolOfPeer({ state, shut }: PeerRow): SymbolName {
  return shut ? "shut" : state;
}

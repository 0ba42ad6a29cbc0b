import type { ControlModel } from "../src/control/control-model.ts";

/** MACs that the switch has learned at a peer or an uplink, the attachment's own not included. */
export function learnedMacs(model: ControlModel, id: string): readonly string[] {
  const macs = model.peer(id)?.macs ?? [];
  return macs.filter(({ pinned }) => !pinned).map(({ mac }) => mac);
}

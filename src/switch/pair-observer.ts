import type { Frame } from "../wire/frame.ts";
import type { Port } from "./port.ts";

/** Sees which port's frames reach which port, for a picture of who talks to whom. As careful as a `PortObserver`. */
export interface PairObserver {
  passed(ingress: Port, egress: Port, frame: Frame): void;
  /** A port is gone; the next one may have its index. */
  left(port: Port): void;
}

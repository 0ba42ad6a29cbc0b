import { TLSSocket } from "node:tls";
import type { Incoming } from "../transport/incoming.ts";

/** Where a request came in. */
export interface Door {
  /** `own`: a listener that is there for this alone. `site`: a path of the main listener, and so of a web site. */
  readonly kind: "own" | "site";
  /** Where everything begins: empty, or a path such as `/admin`. */
  readonly prefix: string;
}

/** A request as the gate sees it: its head, whose end the kernel and TLS know, and where it came in. */
export interface Asked {
  readonly incoming: Incoming;
  readonly door: Door;
}

/** Whether what we answer can be read on the way: a browser keeps such a cookie from paths where it could. */
export function isSecure({ incoming }: Asked): boolean {
  const { socket, request } = incoming;
  // Behind a web server that ended TLS, the browser itself says what its page came by.
  return socket instanceof TLSSocket || request.header("origin")?.startsWith("https://") === true;
}

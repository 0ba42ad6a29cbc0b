import { Socket } from "node:net";
import type { Asked, Door } from "../src/api/asked.ts";
import type { Incoming, Origin } from "../src/transport/incoming.ts";

export interface AskedOptions {
  readonly method?: string;
  readonly path?: string;
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly origin?: Origin;
  readonly via?: Incoming["via"];
  /** What uwsgi variables say of the user. */
  readonly wordUser?: string;
  readonly door?: Door["kind"];
}

/** A request as the gate sees it; by default from loopback, by HTTP, to a listener of the API's own. */
export function askedWith(options: AskedOptions = {}): Asked {
  const { method = "GET", path = "/api/v1/server", headers = {}, via = "http", wordUser = "", door = "own" } = options;
  const incoming: Incoming = {
    via,
    request: { method, path, query: "", header: (name) => headers[name] },
    isControl: false,
    origin: options.origin ?? { kind: "tcp", address: "127.0.0.1" },
    word: { address: "192.0.2.9", user: wordUser, distinguishedName: "" },
    certificate: undefined,
    socket: new Socket(),
    rest: Buffer.alloc(0),
  };
  return { incoming, door: { kind: door, prefix: door === "own" ? "" : "/admin" } };
}

/** Header of Basic authentication. */
export function basic(user: string, password = user): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

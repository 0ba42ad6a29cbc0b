import { ConfigError } from "../base/errors.ts";

const HINT = "It is one line of the form Name: value, in ASCII.";
/** What the upgrade itself says (RFC 6455, 4.1), and what we say in it; and what would announce a body. */
const OURS =
  /^(?:host|upgrade|connection|content-length|transfer-encoding|expect|te|trailer|sec-websocket-.*|x-vpn-ws-.*)$/;

/** Parses `Name: value`. `source` is where it comes from; a ConfigError never repeats the value, which may be a secret. */
export function parseHeaderLine(line: string, source: string): readonly [name: string, value: string] {
  const [, name = "", value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e]*)$/.exec(line) ?? [];
  if (value === undefined) throw new ConfigError("HEADER_INVALID", `${source} holds no header.`, { hint: HINT });
  if (OURS.test(name.toLowerCase())) {
    const hint = name.toLowerCase() === "host" ? "Use --host." : "It is part of the request already.";
    throw new ConfigError("HEADER_INVALID", `${source} cannot set the header ${name}.`, { hint });
  }
  return [name, value.trimEnd()];
}

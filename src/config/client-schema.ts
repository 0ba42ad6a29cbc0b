/** The schema of a client's configuration file. Every key is a flag of `vpn-ws client` in other words. */
import { isIP } from "node:net";
import { z } from "zod";
import { parseHeaderLine } from "../transport/extra-header.ts";
import { parsePin } from "../transport/key-pin.ts";
import { parseProxyUrl } from "../transport/proxy-url.ts";
import { parseResolve } from "../transport/resolve-entry.ts";
import { parseServerUrl } from "../transport/server-url.ts";
import { MAX_SESSION_CONNECTIONS } from "../wire/session-claim.ts";
import { hostPrefix } from "./address-fields.ts";
import { filePath } from "./file-path.ts";
import { list, listOrOne, oneOf, parsed, section, sectionOr, text, wholeNumber, word } from "./schema-fields.ts";

const MAX_SERVERS = 16;
const MAX_ADDRESSES = 16;
const MAX_PINS = 16;
const MAX_HEADERS = 32;
const MAX_RESOLVE = 256;

const serverUrl = word("URL", (input) => parseServerUrl(input) && input);
const pin = word("pin", parsePin);
const resolveEntry = word("host:port:address", (input) => parseResolve([input]) && input);
const proxyUrl = word("URL of a proxy", (input) =>
  input === "none" || parseProxyUrl(input, "url") ? input : undefined,
);
const address = parsed("IP address", (input) => (isIP(input) === 0 ? undefined : input));
/** What the words mean is decided where the flags' are: here they only have to be some. */
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

function tlsSchema(file: z.ZodType<string>) {
  return section({
    ca: file.optional(),
    certificate: file.optional(),
    key: file.optional(),
    pins: listOrOne(pin, MAX_PINS).optional(),
    verify: z.boolean().optional(),
  }).superRefine(({ certificate, key }, context) => {
    if (certificate !== undefined && key === undefined) context.addIssue("has a certificate and no key");
    if (certificate === undefined && key !== undefined) context.addIssue("has a key and no certificate");
  });
}

/** Names and values, made into the lines that `--header` takes. */
const headers = z
  .record(
    z.string(),
    parsed("text", (input) => input),
  )
  .transform((entries, context) =>
    Object.entries(entries).map(([name, value]) => {
      const line = `${name}: ${value}`;
      try {
        parseHeaderLine(line, "this");
      } catch {
        context.addIssue({ code: "custom", path: [name], message: "is no header that can be sent" });
      }
      return line;
    }),
  )
  .refine((lines) => lines.length <= MAX_HEADERS, { error: `has more than ${MAX_HEADERS} entries` });

/** For a file in `folder`. */
export function clientSchema(folder: string) {
  return fileSchema(filePath(folder)).superRefine(checkTogether);
}

function fileSchema(file: z.ZodType<string>) {
  return section({
    servers: listOrOne(serverUrl, MAX_SERVERS).optional(),
    race: z.boolean().optional(),
    connections: z.union([z.literal("auto"), wholeNumber(1, MAX_SESSION_CONNECTIONS)]).optional(),
    congestion: text().optional(),
    pin_route: z.boolean().optional(),
    tap: text().optional(),
    addresses: list(hostPrefix, MAX_ADDRESSES).optional(),
    mtu: wholeNumber(68, 65_521).optional(),
    bridge: z.boolean().optional(),
    exec: text().optional(),
    tls: tlsSchema(file).optional(),
    auth_file: file.optional(),
    token_file: file.optional(),
    invite_file: file.optional(),
    state_dir: file.optional(),
    protocol: oneOf("dialect", ["auto", "v2", "v1"]).optional(),
    proxy: sectionOr(
      "url",
      section({ url: proxyUrl.optional(), auth_file: file.optional(), ca: file.optional() }),
    ).optional(),
    headers: headers.optional(),
    header_file: file.optional(),
    host: text().optional(),
    sni: text().optional(),
    resolve: listOrOne(resolveEntry, MAX_RESOLVE).optional(),
    source: address.optional(),
    interface: text().optional(),
    log: section({
      format: oneOf("format", ["pretty", "json"]).optional(),
      level: oneOf("level", LOG_LEVELS).optional(),
    }).optional(),
  });
}

/** What a client's file says, checked; nothing is filled in, because flags may say the rest. Paths are absolute. */
export type ClientConfig = z.output<ReturnType<typeof fileSchema>>;

/** The keys at the top. */
export const CLIENT_KEYS: ReadonlySet<string> = new Set(Object.keys(fileSchema(z.string()).shape));

function checkTogether(values: ClientConfig, context: z.RefinementCtx): void {
  const issue = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
  if (values.invite_file !== undefined && values.servers !== undefined) {
    issue("servers", "an invite says where to go already: leave servers or invite_file away");
  }
  if (values.auth_file !== undefined && values.token_file !== undefined) {
    issue("token_file", "auth_file and token_file say two things: give one of them");
  }
}

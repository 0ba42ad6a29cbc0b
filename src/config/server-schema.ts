import { z } from "zod";
import { ANONYMOUS } from "../access/identity.ts";
import { DEFAULT_NETWORK } from "../access/policy.ts";
import { isUserName } from "../access/user-name.ts";
import { ipPrefix, listenAddress, origin } from "./address-fields.ts";
import { authenticationSchema } from "./authentication-schema.ts";
import { controlSchema, networkBelow } from "./control-schema.ts";
import { parseDuration } from "./duration.ts";
import { filePath } from "./file-path.ts";
import { guardSchema } from "./guard-schema.ts";
import { hooksSchema } from "./hooks-schema.ts";
import { networksSchema } from "./network-schema.ts";
import { groupSchema, rulesSchema } from "./rules-schema.ts";
import { isPrintable, list, named, parsed, section, text, wholeNumber, word } from "./schema-fields.ts";
import { DEFAULT_SERVER_CONFIG, type LimitsConfig, type ServerConfig, type TlsConfig } from "./server-config.ts";

const MAX_LISTENERS = 64;
const MAX_COUNT = 1_000_000;
const MIN_HANDSHAKE_MS = 1_000;
const MAX_HANDSHAKE_MS = 300_000;

const isUser = (name: string): boolean => isUserName(name) || name === ANONYMOUS;
const userName = word("name of a user", (name) => (isUser(name) ? name : undefined));

/** The schema of the whole file, for a file in `folder` that has the networks `networkNames`. */
export function serverSchema(folder: string, networkNames: readonly string[]): z.ZodType<ServerConfig> {
  return fileSchema(folder, networkNames.length === 0 ? [DEFAULT_NETWORK.name] : networkNames)
    .superRefine(checkTogether)
    .transform(completeConfig);
}

type FileValues = z.output<ReturnType<typeof fileSchema>>;

function fileSchema(folder: string, networkNames: readonly string[]) {
  const rules = rulesSchema(networkNames);
  const file = filePath(folder);
  return section({
    listen: list(listenAddress, MAX_LISTENERS).optional(),
    state_dir: file.optional(),
    tls: tlsSchema(file).optional(),
    trusted_proxies: list(ipPrefix).optional(),
    socket_users: list(userName).optional(),
    allowed_origins: list(origin).optional(),
    allow_anonymous: z.boolean().optional(),
    authentication: authenticationSchema(folder).optional(),
    networks: networksSchema.optional(),
    defaults: rules.optional(),
    groups: named("name of a group", isPrintable, groupSchema(networkNames, userName)).optional(),
    users: named("name of a user", isUser, rules).optional(),
    guard: guardSchema.optional(),
    limits: limits.optional(),
    hooks: hooksSchema.optional(),
    control: controlSchema.optional(),
    congestion: text().optional(),
  });
}

function tlsSchema(file: z.ZodType<string>): z.ZodType<TlsConfig> {
  return section({
    certificate: file.optional(),
    key: file.optional(),
    client_ca: file.optional(),
    client_crl: file.optional(),
  })
    .superRefine(({ certificate, key, client_ca, client_crl }, context) => {
      if (certificate !== undefined && key === undefined) context.addIssue("has a certificate and no key");
      if (certificate === undefined && key !== undefined) context.addIssue("has a key and no certificate");
      if (client_crl !== undefined && client_ca === undefined) context.addIssue("has a client_crl and no client_ca");
    })
    .transform((tls) => ({
      certificate: tls.certificate,
      key: tls.key,
      clientCa: tls.client_ca,
      clientCrl: tls.client_crl,
    }));
}

const limits: z.ZodType<LimitsConfig> = section({
  max_peers: wholeNumber(1, MAX_COUNT).optional(),
  connections_per_address: wholeNumber(1, MAX_COUNT).optional(),
  max_connections: wholeNumber(1, MAX_COUNT).optional(),
  handshake_timeout: parsed("duration such as 10s", parseDuration)
    .refine((ms) => ms >= MIN_HANDSHAKE_MS && ms <= MAX_HANDSHAKE_MS, { error: "must be from 1s to 5m" })
    .optional(),
}).transform((values) => ({
  maxPeers: values.max_peers,
  connectionsPerAddress: values.connections_per_address,
  maxConnections: values.max_connections,
  handshakeTimeoutMs: values.handshake_timeout,
}));

/** What each part alone cannot see. */
function checkTogether(
  { authentication = [], tls, control, networks = [] }: FileValues,
  context: z.RefinementCtx,
): void {
  // If something is wrong in them they are still as they were written.
  const network = networkBelow(control?.path, Array.isArray(networks) ? networks : []);
  if (network !== undefined) {
    const message = `is where clients of the network ${network.name} go`;
    context.addIssue({ code: "custom", path: ["control", "path"], message });
  }
  for (const [index, { kind }] of authentication.entries()) {
    const path = ["authentication", index];
    if (kind === "certificate" && tls?.clientCa === undefined) {
      context.addIssue({
        code: "custom",
        path,
        message: "certificates need tls.client_ca, the file of those who sign them",
      });
    }
    const isAgain = kind !== "jwt" && authentication.slice(0, index).some((other) => other.kind === kind);
    if (isAgain) context.addIssue({ code: "custom", path, message: `${kind} is already in the list` });
  }
}

function completeConfig(values: FileValues): ServerConfig {
  const defaults = DEFAULT_SERVER_CONFIG;
  const stated = values.networks ?? [];
  const networks = stated.length === 0 ? defaults.networks : stated;
  return {
    listen: values.listen ?? defaults.listen,
    stateDir: values.state_dir,
    tls: values.tls ?? defaults.tls,
    trustedProxies: values.trusted_proxies ?? defaults.trustedProxies,
    socketUsers: values.socket_users ?? defaults.socketUsers,
    allowedOrigins: values.allowed_origins ?? defaults.allowedOrigins,
    allowAnonymous: values.allow_anonymous ?? defaults.allowAnonymous,
    authentication: values.authentication ?? defaults.authentication,
    networks,
    policy: {
      networks,
      defaults: values.defaults ?? defaults.policy.defaults,
      groups: (values.groups ?? []).map(({ name, value }) => ({ name, ...value })),
      users: (values.users ?? []).map(({ name, value }) => ({ name, rules: value })),
    },
    // `off` is a key without a value, and no key is the default.
    guard: "guard" in values ? values.guard : defaults.guard,
    limits: values.limits ?? defaults.limits,
    hooks: values.hooks ?? defaults.hooks,
    control: values.control ?? defaults.control,
    congestion: values.congestion,
  };
}

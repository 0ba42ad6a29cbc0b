import { z } from "zod";
import type { CertificateUser } from "../access/certificate-user.ts";
import { WEB_SERVER_DEFAULTS } from "../access/web-server-authenticator.ts";
import { filePath } from "./file-path.ts";
import { list, oneOf, parsed, section, text } from "./schema-fields.ts";
import type { AuthenticationConfig, JwksSource } from "./server-config.ts";

/** Each one is asked about each request. */
const MAX_AUTHENTICATORS = 16;

const KINDS = ["web-server", "htpasswd", "tokens", "jwt", "certificate"] as const;
const CERTIFICATE_USERS: readonly CertificateUser[] = ["common-name", "subject", "email", "dns", "uri"];

/** The chain of authenticators. `folder`: where relative paths start. */
export function authenticationSchema(folder: string): z.ZodType<readonly AuthenticationConfig[]> {
  const file = filePath(folder);
  const entry = z.discriminatedUnion(
    "kind",
    [webServer, section({ kind: z.literal("htpasswd"), file }), tokens, jwtSchema(file), certificate],
    { error: ({ code, input }) => (code === "invalid_union" ? sayKind(input) : undefined) },
  );
  return list(entry, MAX_AUTHENTICATORS);
}

const webServer = section({
  kind: z.literal("web-server"),
  certificate_user: oneOf("part of a certificate", ["common-name", "subject"]).default(
    WEB_SERVER_DEFAULTS.certificateUser,
  ),
}).transform(({ kind, certificate_user }) => ({ kind, certificateUser: certificate_user }));

const tokens = section({ kind: z.literal("tokens") });

const certificate = section({
  kind: z.literal("certificate"),
  user: oneOf("part of a certificate", CERTIFICATE_USERS).default("common-name"),
});

function jwtSchema(file: z.ZodType<string>) {
  return section({
    kind: z.literal("jwt"),
    issuer: parsed("https URL of an issuer", (url) => (isSecureUrl(url) ? url : undefined)),
    audience: text(),
    jwks: jwksSource(file).optional(),
    user_claim: text().default("sub"),
    groups_claim: text().default("groups"),
  }).transform(({ kind, issuer, audience, jwks, user_claim, groups_claim }) => ({
    kind,
    issuer,
    audience,
    jwks: jwks ?? ({ kind: "discovery" } as const),
    userClaim: user_claim,
    groupsClaim: groups_claim,
  }));
}

function jwksSource(file: z.ZodType<string>): z.ZodType<JwksSource> {
  return parsed("path of a file, and no https URL", (value): JwksSource | undefined => {
    if (isSecureUrl(value)) return { kind: "url", url: value };
    const path = /^[a-z]+:/i.test(value) ? undefined : file.safeParse(value).data;
    return path === undefined ? undefined : { kind: "file", file: path };
  });
}

/** Keys that come over plain HTTP are whoever's is on the way; on this machine nobody is. */
function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));
}

function sayKind(entry: unknown): string {
  const { kind } = entry as { readonly kind?: unknown };
  if (kind === undefined) return `is missing; there is ${KINDS.join(", ")}`;
  const said = oneOf("kind of authentication", KINDS).safeParse(kind).error?.issues[0]?.message;
  return said ?? "must be text";
}

import { type BoundedFetchDeps, fetchText } from "./bounded-fetch.ts";

const WELL_KNOWN = "/.well-known/openid-configuration";

/**
 * Asks an issuer where its keys are (OpenID Connect Discovery 1.0, 4). The document must name the very same issuer
 * (4.3), else one issuer could speak for another. Rejects with an Error that says what is wrong.
 */
export async function discoverJwksUrl(deps: BoundedFetchDeps, issuer: string): Promise<string> {
  const document = parseObject(await fetchText(deps, issuer.replace(/\/$/, "") + WELL_KNOWN));
  if (document.issuer !== issuer) throw new Error("its OpenID configuration names another issuer");
  const url = document.jwks_uri;
  if (typeof url !== "string") throw new Error("its OpenID configuration names no jwks_uri");
  return url;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null) throw new Error("its OpenID configuration is no JSON object");
  return value as Readonly<Record<string, unknown>>;
}

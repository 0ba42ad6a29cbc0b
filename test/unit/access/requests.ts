import type { AccessRequest } from "../../../src/access/access-request.ts";

/** A request that shows nothing but what is given. */
export function makeRequest(
  shown: Partial<Omit<AccessRequest, "header">> & { readonly authorization?: string } = {},
): AccessRequest {
  const { authorization, ...rest } = shown;
  const header = (name: string): string | undefined => (name === "authorization" ? authorization : undefined);
  return { address: "192.0.2.1", path: "/vpn", front: undefined, certificate: undefined, ...rest, header };
}

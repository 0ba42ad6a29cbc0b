/** What the Authorization header says: Basic (RFC 7617) and Bearer (RFC 6750) credentials. Total: nothing here throws. */
import { decodeUtf8 } from "../wire/utf8.ts";
import { MAX_USER_NAME_LENGTH } from "./user-name.ts";

export type Authorization =
  /** No such header, or a scheme that nobody here knows. */
  | { readonly state: "absent" }
  | { readonly state: "malformed"; readonly scheme: "basic" | "bearer" }
  /** `user` may be empty. Neither has control characters; a password may hold colons. */
  | { readonly state: "basic"; readonly user: string; readonly password: string }
  | { readonly state: "bearer"; readonly token: string };

/** In UTF-16 units. A JWT with many groups has 2 to 4 KiB, and may stand in a password's place. */
const MAX_SECRET_LENGTH = 8192;
/** Base64 of the longest user and password, were each character four bytes long. */
const MAX_BASIC_LENGTH = Math.ceil(((MAX_USER_NAME_LENGTH + 1 + MAX_SECRET_LENGTH) * 4) / 3) * 4;

/** RFC 6750, 2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** RFC 4648, 4. Some clients leave the padding away. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Neither the user nor the password may have one (RFC 7617, 2). */
const CONTROL = /\p{Cc}/u;

const ABSENT: Authorization = { state: "absent" };

/** Parses the value of an Authorization header. */
export function parseAuthorization(header: string | undefined): Authorization {
  const [, scheme = "", value = ""] = /^[ \t]*([A-Za-z]+)(?:[ \t]+(.*))?$/s.exec(header ?? "") ?? [];
  const credentials = value.trimEnd();
  switch (scheme.toLowerCase()) {
    case "basic":
      return parseBasic(credentials);
    case "bearer":
      return parseBearer(credentials);
    default:
      return ABSENT;
  }
}

function parseBearer(token: string): Authorization {
  const isWell = token.length <= MAX_SECRET_LENGTH && B64TOKEN.test(token);
  return isWell ? { state: "bearer", token } : { state: "malformed", scheme: "bearer" };
}

function parseBasic(base64: string): Authorization {
  const malformed: Authorization = { state: "malformed", scheme: "basic" };
  if (base64.length > MAX_BASIC_LENGTH || !BASE64.test(base64)) return malformed;
  const bytes = Buffer.from(base64, "base64");
  const text = decodeUtf8(bytes, 0, bytes.length);
  if (text === undefined || CONTROL.test(text)) return malformed;
  const colon = text.indexOf(":");
  if (colon < 0 || colon > MAX_USER_NAME_LENGTH) return malformed;
  const password = text.slice(colon + 1);
  return password.length > MAX_SECRET_LENGTH ? malformed : { state: "basic", user: text.slice(0, colon), password };
}

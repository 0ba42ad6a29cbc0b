/**
 * Everything a client needs to join, in one line:
 *
 *     vpn-ws://vpn.example.com:8443/vpn/fJkZ…Q8~vpnws_x3…A
 *     └ scheme └ host and port     └ path └ pins └ one-use token
 *
 * It is the server's URL, with a last path segment of zero or more pins and the token, between tildes. A pin is the
 * base64url of the 32 bytes in `sha256/…`. `vpn-ws:` means wss; the word `plain~` in front of the pins means ws, for a
 * server on the same machine only. Every other character but letters, digits and `-._~/:` is percent-encoded, so that an
 * invite survives chats and unquoted shells: no `&`, `?`, `#`, `@`, brackets or line breaks. The secret comes last: what
 * was cut off in copying is missed at once.
 */
import { ConfigError } from "../base/errors.ts";
import { parsePin } from "./key-pin.ts";
import { parseServerUrl, type ServerUrl } from "./server-url.ts";
import { isLoopback } from "./trusted-path.ts";

export interface Invite {
  /** `wss://…` with path and query; `ws://…` only for a server on this machine. */
  readonly url: string;
  /** As `sha256/…`; none for a server with a certificate that everybody trusts. */
  readonly pins: readonly string[];
  /** Secret, until it is used. */
  readonly token: string;
}

const SCHEME = "vpn-ws://";
const PLAIN = "plain";
/** Far above any real one; a chat may bring anything. */
const MAX_INVITE_LENGTH = 4096;
const MAX_PINS = 8;
const TOKEN = /^[A-Za-z0-9._-]{16,512}$/;
/** Host and port, without user and password. */
const AUTHORITY = /^[A-Za-z0-9._:[\]-]+$/;
const PIN_ITEM = /^[A-Za-z0-9_-]{43}$/;

export function isInvite(text: string): boolean {
  return /^\s*vpn-ws:/i.test(text);
}

/** Throws as `parseInviteUrl` does. */
export function formatInvite({ url, pins, token }: Invite): string {
  const { isSecure, hostHeader, path } = parseInviteUrl(url);
  if (!TOKEN.test(token)) throw new RangeError("a token of an invite has letters, digits, dots, - and _ only");
  const items = [...(isSecure ? [] : [PLAIN]), ...pins.map(pinItem), token];
  return `${SCHEME}${encode(hostHeader)}${path === "/" ? "" : encode(path)}/${items.join("~")}`;
}

/** Throws ConfigError `INVITE_INVALID`, which never holds any of the text. */
export function parseInvite(text: string): Invite {
  const trimmed = text.trim();
  if (trimmed.length > MAX_INVITE_LENGTH) throw damaged("it is too long");
  if (trimmed.slice(0, SCHEME.length).toLowerCase() !== SCHEME) throw damaged("it does not begin with vpn-ws://");
  const body = trimmed.slice(SCHEME.length);
  const authorityEnd = body.indexOf("/");
  const lastSlash = body.lastIndexOf("/");
  if (authorityEnd <= 0) throw damaged("it ends before its token");
  const { isPlain, pins, token } = parseItems(body.slice(lastSlash + 1));
  const path = lastSlash === authorityEnd ? "/" : decode(body.slice(authorityEnd, lastSlash));
  const authority = decode(body.slice(0, authorityEnd));
  if (!AUTHORITY.test(authority)) throw damaged("its address cannot be read");
  const url = `${isPlain ? "ws" : "wss"}://${authority}${path}`;
  checkAddress(url);
  return { url, pins, token };
}

function parseItems(segment: string): { isPlain: boolean; pins: readonly string[]; token: string } {
  const items = segment.split("~");
  const isPlain = items[0] === PLAIN && items.length > 1;
  const pins = items.slice(isPlain ? 1 : 0, -1);
  const token = items.at(-1) ?? "";
  if (pins.length > MAX_PINS || !pins.every((pin) => PIN_ITEM.test(pin))) throw damaged("its pin is not whole");
  if (!TOKEN.test(token)) throw damaged("its token is not whole");
  return { isPlain, pins: pins.map(pinOf), token };
}

function checkAddress(url: string): void {
  try {
    parseInviteUrl(url);
  } catch (error) {
    // The sentence may be kept where it is about the kind of address, but not where it repeats what was given.
    throw damaged(
      error instanceof ConfigError && error.code === "INVITE_UNSAFE"
        ? "it leads to another machine without TLS"
        : "its address cannot be read",
    );
  }
}

/** The parts of a URL that may stand in an invite. Throws a ConfigError for one that no client could use safely. */
export function parseInviteUrl(text: string): ServerUrl {
  const url = parseServerUrl(text);
  if (url.credentials !== undefined) {
    throw new ConfigError("INVITE_UNSAFE", "the URL of an invite holds no user and password: its token is enough.");
  }
  if (!url.isSecure && !isLoopback(url)) {
    throw new ConfigError(
      "INVITE_UNSAFE",
      `${url.display} has no TLS: whoever sits on the path could take the token.`,
      {
        hint: "Give a wss:// URL.",
      },
    );
  }
  return url;
}

function pinItem(pin: string): string {
  return Buffer.from(parsePin(pin).slice("sha256/".length), "base64").toString("base64url");
}

function pinOf(item: string): string {
  const bytes = Buffer.from(item, "base64url");
  // The last character carries four bits; two more are a sign that it is not the last one.
  if (bytes.toString("base64url") !== item) throw damaged("its pin is not whole");
  return `sha256/${bytes.toString("base64")}`;
}

/** All but letters, digits and what is at home in paths; the text is visible ASCII, as a parsed URL is. */
function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._~/:-]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${code.padStart(2, "0")}`;
  });
}

function decode(text: string): string {
  if (!/^[A-Za-z0-9._~/:%[\]-]*$/.test(text)) throw damaged("it holds a character that no invite has");
  try {
    return decodeURIComponent(text);
  } catch {
    throw damaged("it has a % that begins no %XX");
  }
}

function damaged(what: string): ConfigError {
  return new ConfigError("INVITE_INVALID", `this invite cannot be used: ${what}.`, {
    hint: "Copy it again, whole and in one line, or ask for a new one.",
  });
}

/** Openings that are wrong, with the answer each gets; undefined is an end without a word. */
import { encodeUwsgi } from "../../src/wire/uwsgi.ts";

export interface BadOpening {
  readonly title: string;
  readonly bytes: Uint8Array;
  /** Says that no more will come. */
  readonly ends?: boolean;
  readonly status: number | undefined;
}

const KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
const UPGRADE = ["Host: vpn", "Upgrade: websocket", "Connection: Upgrade"];

function request(...lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** A request to upgrade with more headers. */
function upgrade(...headers: readonly string[]): Uint8Array {
  return request("GET / HTTP/1.1", ...UPGRADE, ...headers);
}

const manyHeaders = Array.from({ length: 5_000 }, (_, index) => `X-${index}: ${index}`);

export const BAD_HTTP: readonly BadOpening[] = [
  { title: "a head cut off", bytes: Buffer.from("GET / HTTP/1.1\r\nHost: v"), ends: true, status: undefined },
  { title: "words that are no request", bytes: request("HELO mail.example"), status: 400 },
  { title: "a bare line feed", bytes: Buffer.from("GET / HTTP/1.1\nHost: vpn\n\n"), status: 400 },
  { title: "control characters", bytes: request("GET / HTTP/1.1", "Host: a\x00b"), status: 400 },
  { title: "HTTP/2", bytes: request("PRI * HTTP/2.0", "", "SM"), status: 505 },
  { title: "no host", bytes: request("GET / HTTP/1.1", "Upgrade: websocket"), status: 400 },
  { title: "thousands of headers", bytes: upgrade(KEY, ...manyHeaders), status: 431 },
  { title: "a header of 100 kB", bytes: upgrade(KEY, `X-Large: ${"x".repeat(100_000)}`), status: 431 },
  { title: "a target of 100 kB", bytes: request(`GET /${"x".repeat(100_000)} HTTP/1.1`, "Host: vpn"), status: 414 },
  { title: "a folded header", bytes: upgrade(KEY, "X-Folded: a", " b"), status: 400 },
  { title: "a body", bytes: upgrade(KEY, "Content-Length: 5"), status: 413 },
  { title: "a length that lies", bytes: upgrade(KEY, "Content-Length: -1"), status: 400 },
  { title: "a chunked body", bytes: upgrade(KEY, "Transfer-Encoding: chunked"), status: 501 },
  { title: "a POST", bytes: request("POST / HTTP/1.1", ...UPGRADE, KEY), status: 405 },
  { title: "no upgrade", bytes: request("GET / HTTP/1.1", "Host: vpn"), status: 426 },
  { title: "another version", bytes: upgrade(KEY, "Sec-WebSocket-Version: 8"), status: 426 },
  { title: "no key", bytes: upgrade(), status: 400 },
  { title: "two keys", bytes: upgrade(KEY, KEY), status: 400 },
  { title: "a key of 12 bytes", bytes: upgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAA"), status: 400 },
  { title: "a key of 1 kB", bytes: upgrade(`Sec-WebSocket-Key: ${"A".repeat(1_022)}==`), status: 400 },
  { title: "a key that is no base64", bytes: upgrade("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="), status: 400 },
  { title: "a MAC that is none", bytes: upgrade(KEY, "X-vpn-ws-MAC: 02:00:00"), status: 400 },
  { title: "a group's MAC", bytes: upgrade(KEY, "X-vpn-ws-MAC: 33:33:00:00:00:01"), status: 400 },
  { title: "the MAC of nobody", bytes: upgrade(KEY, "X-vpn-ws-MAC: 00:00:00:00:00:00"), status: 400 },
];

/** A uwsgi packet whose header says `size`. */
function uwsgi(size: number, ...body: readonly number[]): Uint8Array {
  return Uint8Array.of(0, size & 0xff, size >> 8, 0, ...body);
}

const upgradeVariables = [
  ["HTTP_UPGRADE", "websocket"],
  ["HTTP_CONNECTION", "Upgrade"],
] as const;
const manyVariables = Array.from({ length: 3_000 }, (_, index) => [`HTTP_X_${index}`, "v"] as const);

export const BAD_UWSGI: readonly BadOpening[] = [
  { title: "a header cut off", bytes: Uint8Array.of(0, 5), ends: true, status: undefined },
  { title: "a size that promises more", bytes: uwsgi(0xffff, 1, 0, 65, 0, 0), ends: true, status: undefined },
  { title: "a key longer than its packet", bytes: uwsgi(4, 0xff, 0xff, 65, 66), status: 400 },
  { title: "a value longer than its packet", bytes: uwsgi(6, 1, 0, 65, 0xff, 0x7f, 66), status: 400 },
  { title: "an empty key", bytes: uwsgi(4, 0, 0, 0, 0), status: 400 },
  { title: "half a length", bytes: uwsgi(1, 9), status: 400 },
  { title: "thousands of variables", bytes: encodeUwsgi(0, [...upgradeVariables, ...manyVariables]), status: 400 },
  { title: "no variables", bytes: uwsgi(0), status: 426 },
  { title: "no key", bytes: encodeUwsgi(0, upgradeVariables), status: 400 },
  {
    title: "a wrong key",
    bytes: encodeUwsgi(0, [...upgradeVariables, ["HTTP_SEC_WEBSOCKET_KEY", "x".repeat(60_000)]]),
    status: 400,
  },
  { title: "another modifier", bytes: Uint8Array.of(5, 0, 0, 0), status: undefined },
  {
    title: "a control request for a peer that is none",
    bytes: encodeUwsgi(1, [["QUERY_STRING", "kill=%00"]]),
    status: 404,
  },
];

export const BAD_TLS: readonly BadOpening[] = [
  { title: "zeros", bytes: new Uint8Array(1_000), status: undefined },
  { title: "a record that is no handshake", bytes: Uint8Array.of(0x17, 3, 3, 0, 1, 0), status: undefined },
  { title: "a record of garbage", bytes: Uint8Array.of(0x16, 3, 1, 0, 4, 1, 2, 3, 4), status: undefined },
  {
    title: "a record length that lies",
    bytes: Buffer.concat([Buffer.from("160301ffff", "hex"), Buffer.alloc(70_000)]),
    status: undefined,
  },
  { title: "a hello cut off", bytes: Buffer.from("16030100ff010000", "hex"), ends: true, status: undefined },
  { title: "plain HTTP", bytes: request("GET / HTTP/1.1", "Host: vpn"), status: 400 },
];

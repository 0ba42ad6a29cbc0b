/** Every limit in the code, by the name that docs/SECURITY.md gives it. */

import { AUTHENTICATION_TIMEOUT_MS } from "../../../src/access/authenticator-chain.ts";
import { FETCH_TIMEOUT_MS, MAX_FETCHED_BYTES } from "../../../src/access/bounded-fetch.ts";
import { MAX_DISTINGUISHED_NAME_LENGTH } from "../../../src/access/distinguished-name.ts";
import { MAX_FORWARDED_HOPS } from "../../../src/access/front.ts";
import { GUESS_LIMITER_DEFAULTS } from "../../../src/access/guess-limiter.ts";
import { MAX_KEYS } from "../../../src/access/jwks.ts";
import { CLOCK_TOLERANCE_S } from "../../../src/access/jwt-authenticator.ts";
import { MAX_GROUPS } from "../../../src/access/jwt-claims.ts";
import { PASSWORD_CHECKER_DEFAULTS } from "../../../src/access/password-checker.ts";
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS, JWKS_MAX_STALE_MS } from "../../../src/access/remote-jwks.ts";
import { MAX_TOKENS } from "../../../src/access/token-table.ts";
import { MAX_USER_NAME_LENGTH } from "../../../src/access/user-name.ts";
import { VERIFIED_PASSWORDS_DEFAULTS } from "../../../src/access/verified-passwords.ts";
import { DEFAULT_SESSION_MS } from "../../../src/api/operator-sessions.ts";
import { MAX_SNAP_BYTES, MIN_SNAP_BYTES } from "../../../src/capture/capture.ts";
import { MAX_FILTER_LENGTH } from "../../../src/capture/filter.ts";
import { CAPTURE_DEFAULTS } from "../../../src/capture/frame-capture.ts";
import { OPERATORS_CENSUS } from "../../../src/cli/control-desk.ts";
import { CLIENT_DEFAULTS } from "../../../src/client/client-options.ts";
import { AT_ONCE_MS, BUSY_SHORT_MS, DENIED_BACKOFF, MOST_HOPES, SILENT_SHORT_MS } from "../../../src/client/retry.ts";
import { MAX_BAN_MS, MAX_REASON_BYTES } from "../../../src/control/action.ts";
import { MAX_ACL_PARTS, MAX_ACL_RULES } from "../../../src/guard/acl.ts";
import { MAX_ADDRESSES } from "../../../src/guard/address-guard.ts";
import { BINDINGS_DEFAULTS } from "../../../src/guard/bindings.ts";
import { type FrameBudget, GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { MAC_OWNERS_DEFAULTS } from "../../../src/guard/mac-owners.ts";
import { MAX_SOURCE_PREFIXES } from "../../../src/guard/source-prefixes.ts";
import { MAX_BANS } from "../../../src/server/bans.ts";
import { MAX_CAPTURES } from "../../../src/server/control-capture.ts";
import { SERVER_DEFAULTS } from "../../../src/server/server-options.ts";
import { MAX_ALL_HELD_BYTES, MAX_HELD_MS } from "../../../src/server/session.ts";
import { FDB_DEFAULTS } from "../../../src/switch/fdb.ts";
import { MAX_PAIRS } from "../../../src/switch/pair-table.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import { CODEL_DEFAULTS } from "../../../src/transport/codel.ts";
import { CENSUS_DEFAULTS } from "../../../src/transport/connection-census.ts";
import { CHUNK_BYTES, FRAME_STORE_DEFAULTS } from "../../../src/transport/frame-store.ts";
import { MAX_HELD_BYTES } from "../../../src/transport/hold-queue.ts";
import { MAX_BODY_BYTES } from "../../../src/transport/incoming.ts";
import { LISTENER_DEFAULTS } from "../../../src/transport/listener.ts";
import { LIVENESS_DEFAULTS } from "../../../src/transport/liveness.ts";
import { MAX_CONTROL_TEXT_LENGTH } from "../../../src/wire/control-message.ts";
import { MAX_VLAN_TAGS } from "../../../src/wire/ethernet.ts";
import { DEFAULT_HTTP_LIMITS } from "../../../src/wire/http.ts";
import { MAX_IPV4_FRAGMENTS } from "../../../src/wire/ip-fragment.ts";
import { IPV6_MAX_EXTENSIONS } from "../../../src/wire/ip-packet.ts";
import { MAX_SESSION_CONNECTIONS } from "../../../src/wire/session-claim.ts";
import { MAX_URGENT_FRAME_BYTES } from "../../../src/wire/urgency.ts";
import { DEFAULT_UWSGI_LIMITS } from "../../../src/wire/uwsgi.ts";
import { MAX_SUPER_FRAME_HEADER_BYTES, MAX_UDP_SEGMENTS, MIN_TCP_GSO_BYTES } from "../../../src/wire/vnet-header.ts";
import { MAX_CONTROL_PAYLOAD_BYTES } from "../../../src/wire/websocket.ts";
import { readText } from "./documents.ts";

type Limits = Readonly<Record<string, number | string>>;

const DAY_MS = 86_400_000;

/** The value of a constant that is its file's own: `const NAME = 16 * 1_024;`, a number, a product or a sum. */
function own(path: string, name: string): number {
  const match = new RegExp(`^(?:export )?const ${name} = ([\\d_.]+(?: [*+] [\\d_]+)*);$`, "m").exec(readText(path));
  if (match?.[1] === undefined) throw new Error(`${path} has no constant ${name} that is a number`);
  const factors = (sum: string): number =>
    sum.split(" * ").reduce((all, one) => all * Number(one.replaceAll("_", "")), 1);
  return match[1].split(" + ").reduce((all, one) => all + factors(one), 0);
}

/** A constant that is its file's own: `const NAME = { perSecond: 1, burst: 300 }`. */
function ownBudget(path: string, name: string): string {
  const match = new RegExp(`^const ${name} = \\{ perSecond: ([\\d_.]+), burst: ([\\d_]+) \\}`, "m").exec(
    readText(path),
  );
  if (match === null) throw new Error(`${path} has no constant ${name} that is a budget`);
  const [, perSecond, burst] = match.map((digits) => Number(digits.replaceAll("_", "")));
  return `${perSecond}, ${burst}`;
}

const both = ({ perSecond, burst }: FrameBudget): string => `${perSecond}, ${burst}`;

const { backoff, dialTimeoutMs } = CLIENT_DEFAULTS;
const guesses = GUESS_LIMITER_DEFAULTS;
const checks = PASSWORD_CHECKER_DEFAULTS;
const HASH = "src/access/password-hash.ts";
const RULES = "src/config/rules-schema.ts";
const FLAPS = "src/guard/mac-flaps.ts";
const STATIC = "src/api/static-files.ts";
const KEEPER = "src/cli/access-keeper.ts";
const REFUSALS = "src/server/refusal-log.ts";
const HOOKS = "src/cli/hook-queue.ts";
const FLOODS = "src/base/flood-log.ts";
const LIVENESS = "src/transport/liveness.ts";
const FLOW_QUEUE = "src/transport/flow-queue.ts";
const LOCK = "src/state/file-lock.ts";
const SERVER = "src/config/server-schema.ts";

const BEFORE: Limits = {
  "connections, in all": CENSUS_DEFAULTS.maxConnections,
  "connections of an address": CENSUS_DEFAULTS.maxConnectionsPerAddress,
  "connections of an address in their handshake": CENSUS_DEFAULTS.maxPendingPerAddress,
  "connections in their handshake, per listener": LISTENER_DEFAULTS.maxPending,
  "descriptors kept for other things": own("src/cli/descriptor-limit.ts", "OTHER_DESCRIPTORS"),
  "connections, with too few descriptors": own("src/cli/descriptor-limit.ts", "FEWEST_CONNECTIONS"),
  "handshake, ms": LISTENER_DEFAULTS.handshakeTimeoutMs,
  "unfinished head, bytes": own("src/transport/read-head.ts", "LARGEST_HEAD_BYTES"),
  "HTTP head, bytes": DEFAULT_HTTP_LIMITS.maxHeadBytes,
  "HTTP headers": DEFAULT_HTTP_LIMITS.maxHeaders,
  "uwsgi packet, bytes": DEFAULT_UWSGI_LIMITS.maxBytes,
  "uwsgi variables": DEFAULT_UWSGI_LIMITS.maxVars,
  "addresses of X-Forwarded-For that are looked at": MAX_FORWARDED_HOPS,
  "distinguished name, characters": MAX_DISTINGUISHED_NAME_LENGTH,
  "requests that are decided on at a time": own("src/server/reception.ts", "MAX_DECIDING"),
  "time to read an answer that is no upgrade, ms": own("src/transport/incoming.ts", "LINGER_MS"),
  "between two warnings of failed accepts, ms": own("src/transport/listener.ts", "ACCEPT_WARNING_EVERY_MS"),
  "lines about an authenticator that fails, per second and at once": `${own(KEEPER, "FAULT_LINES_PER_SECOND")}, ${own(KEEPER, "FAULT_LINES_AT_ONCE")}`,
  "lines about refused requests of an address, per second and at once": ownBudget(REFUSALS, "OF_ADDRESS"),
  "lines about refused requests, per second and at once": ownBudget(REFUSALS, "OF_ALL"),
  "addresses whose lines are counted": own(REFUSALS, "MAX_ADDRESSES"),
  "between two lines about the rest, ms": own("src/base/line-budget.ts", "SUMMARY_EVERY_MS"),
  "lines of any other event that one user or address causes, per second and at once": ownBudget(FLOODS, "OF_SOURCE"),
  "and that all of them cause": ownBudget(FLOODS, "OF_ALL"),
  "and users and addresses whose lines are counted": own(FLOODS, "MAX_SOURCES"),
};

const CREDENTIALS: Limits = {
  "all authenticators together, ms": AUTHENTICATION_TIMEOUT_MS,
  "password or token, characters": own("src/access/authorization.ts", "MAX_SECRET_LENGTH"),
  "user's name, characters": MAX_USER_NAME_LENGTH,
  "wrong credentials of an address": guesses.addressFailures,
  "until one of them is forgiven, ms": guesses.forgiveAfterMs,
  "wrong credentials of an address that nobody knows": guesses.unknownAddressFailures,
  "until one of those is forgiven, ms": guesses.unknownForgiveAfterMs,
  "wrong credentials beyond the budget that count": own("src/access/guess-limiter.ts", "MAX_DEBT"),
  "delay of answers about a user, ms": guesses.delaysMs.join(", "),
  "until a user's failures are forgotten, ms": guesses.userWindowMs,
  "answers that are delayed at a time": guesses.maxDelayed,
  "addresses, users and homes remembered": `${guesses.maxAddresses}, ${guesses.maxUsers}, ${guesses.maxHomes}`,
  "lines of an htpasswd file": own("src/access/htpasswd.ts", "MAX_LINES"),
  "cost of bcrypt, least and most read": `${own(HASH, "MIN_BCRYPT_COST")}, ${own(HASH, "MAX_BCRYPT_COST")}`,
  "cost of bcrypt, written": own(HASH, "BCRYPT_COST"),
  "new password, characters, at least": own(HASH, "MIN_PASSWORD_LENGTH"),
  "password typed or piped, bytes": own("src/cli/read-password.ts", "MAX_LINE_BYTES"),
  "password checks that wait": checks.maxWaiting,
  "of them, of one address": checks.maxWaitingPerAddress,
  "a password check waits, and runs, ms": `${checks.waitMs}, ${checks.runMs}`,
  "verified passwords remembered": VERIFIED_PASSWORDS_DEFAULTS.maxEntries,
  "and for how long, ms": VERIFIED_PASSWORDS_DEFAULTS.keepMs,
  tokens: MAX_TOKENS,
  "secret of a token, random bytes": own("src/access/token.ts", "SECRET_BYTES"),
  "file of tokens, bytes": own("src/state/token-file.ts", "MAX_BYTES"),
  "between two looks at it for connected peers, ms": own("src/state/token-file.ts", "LOOK_MS"),
  "wait for a file's lock, ms": own(LOCK, "POLLS") * own(LOCK, "POLL_MS"),
  "life of a token, days": own("src/cli/token-command.ts", "MAX_LIFETIME_DAYS"),
  "life of an invite, days": own("src/cli/invite-command.ts", "MAX_LIFETIME_DAYS"),
  "life of the credential for it, days": own(KEEPER, "CREDENTIAL_MS") / DAY_MS,
  "invite, characters": own("src/transport/invite.ts", "MAX_INVITE_LENGTH"),
  "pins in an invite": own("src/transport/invite.ts", "MAX_PINS"),
  "groups in a JWT": MAX_GROUPS,
  "clock of the issuer, s": CLOCK_TOLERANCE_S,
  "keys of an issuer": MAX_KEYS,
  "fetch of them, ms": FETCH_TIMEOUT_MS,
  "answer to it, bytes": MAX_FETCHED_BYTES,
  "between two fetches, ms": JWKS_COOLDOWN_MS,
  "age at which keys are fetched again, ms": JWKS_MAX_AGE_MS,
  "age at which they are not used, ms": JWKS_MAX_STALE_MS,
  "sessions of a user": own("src/access/policy.ts", "DEFAULT_SESSIONS"),
  "sessions of an anonymous peer": own("src/access/policy.ts", "ANONYMOUS_SESSIONS"),
  "between two looks at who may stay, ms": own("src/server/server.ts", "TENURE_TICK_MS"),
};

const PEERS: Limits = {
  peers: SERVER_DEFAULTS.maxPeers,
  "message, bytes": SERVER_DEFAULTS.maxMessageBytes,
  "fragments of a message": own("src/wire/fragments.ts", "MAX_FRAGMENTS"),
  "messages without a frame, per second": own("src/transport/control-budget.ts", "MESSAGES_PER_SECOND"),
  "of them, at once": own("src/transport/control-budget.ts", "MESSAGES_AT_ONCE"),
  "control frame, bytes": MAX_CONTROL_PAYLOAD_BYTES,
  "control message, characters": MAX_CONTROL_TEXT_LENGTH,
  "connections of a session": MAX_SESSION_CONNECTIONS,
  "token of a session, random bytes": own("src/server/session-tokens.ts", "TOKEN_BYTES"),
  "claims of a session, per second and at once": ownBudget("src/server/session.ts", "CLAIMS"),
  "a session without a connection, ms": SERVER_DEFAULTS.holdMs,
  "such sessions of an address": own("src/server/held-sessions.ts", "MAX_HELD_PER_ADDRESS"),
  "frames held for it, bytes": MAX_HELD_BYTES,
  "frames held for all such, bytes": MAX_ALL_HELD_BYTES,
  "of what is left of that, a session may hold one in": own("src/transport/hold-queue.ts", "AVAILABLE_PER_HELD"),
  "and for how long, ms": MAX_HELD_MS,
  "words of a peer, characters": own("src/wire/control-message.ts", "MAX_PHRASE_LENGTH"),
  "queue of a connection, bytes": SERVER_DEFAULTS.maxQueuedBytes,
  "of it, kept for control messages, bytes": own("src/transport/egress-queue.ts", "CONTROL_RESERVE_BYTES"),
  "egress buffers of 256 KiB": own("src/transport/egress-pools.ts", "MAX_LARGE"),
  "of those that are free, a queue may hold one in": own("src/transport/egress-queue.ts", "AVAILABLE_PER_HELD"),
  "egress buffers of 4 KiB": own("src/transport/egress-pools.ts", "MAX_SMALL"),
  "flows of a connection's waiting frames": own("src/transport/flow-table.ts", "FLOW_BUCKETS"),
  "wait of a flow's frames that is well, and for how long more is borne, ms": `${CODEL_DEFAULTS.targetMs}, ${CODEL_DEFAULTS.intervalMs}`,
  "a frame waits for its connection, ms": own(FLOW_QUEUE, "STALE_AFTER_MS"),
  "urgent frames that wait, and the largest, bytes": `${own(FLOW_QUEUE, "MAX_URGENT_FRAMES")}, ${MAX_URGENT_FRAME_BYTES}`,
  "bytes of them that go before others at once": own(FLOW_QUEUE, "URGENT_BURST_BYTES"),
  "and then one in so many bytes of others": own(FLOW_QUEUE, "BYTES_PER_URGENT_BYTE"),
  "frames that wait, of all connections, bytes": FRAME_STORE_DEFAULTS.maxChunks * CHUNK_BYTES,
  "of what is left of that, a connection may hold one in": own(FLOW_QUEUE, "AVAILABLE_PER_HELD"),
  "connections in the middle of a message": own("src/transport/receive-buffers.ts", "MAX_LENT"),
  "one write to a socket, ms": SERVER_DEFAULTS.stalledAfterMs,
  "a close, ms": SERVER_DEFAULTS.closeTimeoutMs,
  "silence of a v2 peer, ms": own(LIVENESS, "DEAD_MS"),
  "silence that a v2 peer may ask for, ms": own("src/wire/control-message.ts", "MAX_QUIET_MS"),
  "silence of one that something waits for, ms": own(LIVENESS, "WAITING_DEAD_MS"),
  "between two looks at silence, ms": own("src/transport/ticker.ts", "TICK_MS"),
  "idle until a v2 client pings, ms": LIVENESS_DEFAULTS.client.idlePingMs.join(", "),
  "idle until a v2 server pings, ms": LIVENESS_DEFAULTS.server.idlePingMs.join(", "),
  "idle until a v1 peer is pinged, ms": LIVENESS_DEFAULTS.v1.idlePingMs.join(", "),
  "silence behind something sent, until a ping, ms": own(LIVENESS, "WAITING_PING_MS"),
  "silence of a peer that was heard without a pause, until a ping, ms": own(LIVENESS, "BROKEN_OFF_PING_MS"),
  "wait for an answer until the path is suspect, ms": `${own(LIVENESS, "MIN_SUSPECT_MS")}, ${own(LIVENESS, "MAX_SUSPECT_MS")}`,
  "between two measurements of a busy peer's round trip, ms": own(LIVENESS, "MEASURE_MS"),
  "silence until TCP probes, ms": own("src/cli/tune-socket.ts", "KEEPALIVE_AFTER_MS"),
  "bytes that nobody acknowledges, ms": own("src/cli/tune-socket.ts", "USER_TIMEOUT_MS"),
  "payload of a TCP segment, bytes, at least": MIN_TCP_GSO_BYTES,
  "datagrams of a UDP super-frame": MAX_UDP_SEGMENTS,
  "headers of a super-frame, bytes": MAX_SUPER_FRAME_HEADER_BYTES,
  "answers to frames of a port that are too big, per second and at once": ownBudget(
    "src/switch/frame-sizes.ts",
    "ANSWERS",
  ),
  "fragments of an IPv4 packet": MAX_IPV4_FRAGMENTS,
  "answers to a peer's echo frames, bytes per second and at once": ownBudget(
    "src/server/peer-echo.ts",
    "ANSWER_BUDGET",
  ),
  "between two reports of a peer's drops, ms": own("src/server/drop-report.ts", "REPORT_EVERY_MS"),
  "hooks that wait": own(HOOKS, "MAX_WAITING"),
  "hooks that run at a time": own(HOOKS, "MAX_RUNNING"),
  "rest after a hook, ms": own(HOOKS, "REST_MS"),
  "a hook, ms": own(HOOKS, "TIMEOUT_MS"),
  "hooks at the end of the server, ms": own(HOOKS, "STOP_TIMEOUT_MS"),
};

const STEERING: Limits = {
  bans: MAX_BANS,
  "a ban, ms": MAX_BAN_MS,
  "reason that a peer is told, bytes": MAX_REASON_BYTES,
  "events that are kept": own("src/control/event-feed.ts", "KEPT_EVENTS"),
  "samples of history, one a second": own("src/server/history.ts", "KEPT_SAMPLES"),
  "pairs of ports that are counted, per network": MAX_PAIRS,
  "and for how long after somebody looked, ms": own("src/server/traffic-pairs.ts", "LOOKING_MS"),
  "what a client says it is, characters": own("src/server/peer.ts", "MAX_AGENT_LENGTH"),
};

const GUARD: Limits = {
  "learned addresses": FDB_DEFAULTS.capacity,
  "addresses learned at one port": FDB_DEFAULTS.maxLearnedPerPort,
  "ageing of a learned address, ms": FDB_DEFAULTS.agingMs,
  "source addresses of a bridge": DEFAULT_PORT_RULES.maxMacs,
  "new source addresses of a port, per second and at once": both(GUARD_DEFAULTS.newMacBudget),
  "addresses that are somebody's": MAC_OWNERS_DEFAULTS.capacity,
  "of them, one user's": MAC_OWNERS_DEFAULTS.maxPerOwner,
  "a user's, after the last session that had it, ms": GUARD_DEFAULTS.macOwnershipMs,
  "rows looked at for one that makes way": own("src/guard/mac-owners.ts", "EVICTION_ROWS"),
  "refused claims that are told of, in a minute": own("src/guard/refused-claims.ts", "MAX_CLAIMS"),
  "and of one port": own("src/guard/refused-claims.ts", "MAX_CLAIMS_OF_PORT"),
  "between two tellings of the same, ms": own("src/guard/refused-claims.ts", "REPEAT_MS"),
  "broadcast of a port, per second and at once": both(GUARD_DEFAULTS.broadcast),
  "multicast of a port, per second and at once": both(GUARD_DEFAULTS.multicast),
  "unknown unicast of a port, per second and at once": both(GUARD_DEFAULTS.unknownUnicast),
  "between two loop probes, ms": own("src/guard/loop-watch.ts", "PROBE_PERIOD_MS"),
  "probes of a port that are remembered": own("src/guard/watched-port.ts", "NONCES"),
  "moves of an address until it flaps": own(FLAPS, "MAX_MOVES"),
  "within, ms": own(FLAPS, "WINDOW_MS"),
  "addresses whose moves are counted": own(FLAPS, "MAX_FLAPPING_MACS"),
  "shut ports that left, and are remembered": own("src/guard/loop-watch.ts", "MAX_LEFT"),
  "a port is shut, first and at most, ms": `${GUARD_DEFAULTS.shutMs}, ${GUARD_DEFAULTS.maxShutMs}`,
  "learned IP addresses": BINDINGS_DEFAULTS.capacity,
  "assigned IP addresses": BINDINGS_DEFAULTS.maxAssigned,
  "IP addresses of a host, a bridge, the uplink": Object.values(MAX_ADDRESSES).join(", "),
  "first IP addresses of a port, for which half of the table is kept": BINDINGS_DEFAULTS.fewPerPort,
  "silence until an IP address is free, ms": BINDINGS_DEFAULTS.silenceMs,
  "a DHCP lease is believed, ms": BINDINGS_DEFAULTS.maxLeaseMs,
  "rows of a table that are swept in a second": own("src/guard/network-guard.ts", "SWEEP_ROWS"),
  "IPv6 extension headers": IPV6_MAX_EXTENSIONS,
  "VLAN tags": MAX_VLAN_TAGS,
  "options of neighbour discovery": own("src/wire/neighbour-discovery.ts", "MAX_OPTIONS"),
  "options of DHCP": own("src/wire/dhcp.ts", "MAX_OPTIONS"),
  "flows that an access list remembers, per direction": own("src/guard/flow-cache.ts", "SLOTS"),
};

const FILES: Limits = {
  "configuration file, bytes": own("src/config/config-file.ts", "MAX_FILE_BYTES"),
  "aliases in it": own("src/config/yaml-text.ts", "MAX_ALIASES"),
  "mistakes told of": own("src/config/config-problem.ts", "MAX_SHOWN"),
  "entries of a list": own("src/config/schema-fields.ts", "MAX_ENTRIES"),
  "text, characters": own("src/config/schema-fields.ts", "MAX_TEXT_LENGTH"),
  "path of a file, bytes": own("src/config/file-path.ts", "MAX_PATH_BYTES"),
  listeners: own(SERVER, "MAX_LISTENERS"),
  "handshake_timeout, from and to, ms": `${own(SERVER, "MIN_HANDSHAKE_MS")}, ${own(SERVER, "MAX_HANDSHAKE_MS")}`,
  "other numbers under `limits`, at most": own(SERVER, "MAX_COUNT"),
  authenticators: own("src/config/authentication-schema.ts", "MAX_AUTHENTICATORS"),
  networks: own("src/config/network-schema.ts", "MAX_NETWORKS"),
  "addresses of a TAP": own("src/config/network-schema.ts", "MAX_ADDRESSES"),
  "servers, pins and headers of a client": ["MAX_SERVERS", "MAX_PINS", "MAX_HEADERS"]
    .map((name) => own("src/config/client-schema.ts", name))
    .join(", "),
  "`resolve` of a client": own("src/config/client-schema.ts", "MAX_RESOLVE"),
  "`macs` of a user": own(RULES, "MAX_MACS"),
  "`ethertypes` and `addresses` of a user": own(RULES, "MAX_PER_FRAME"),
  "`source_prefixes` of a user": MAX_SOURCE_PREFIXES,
  "`sessions` of a user": own(RULES, "MAX_SESSIONS"),
  "rate, bytes per second, from and to": `${own(RULES, "MIN_RATE_BYTES")}, ${own(RULES, "MAX_RATE_BYTES")}`,
  "rules of an access list": MAX_ACL_RULES,
  "prefixes and port ranges in it": MAX_ACL_PARTS,
  "of one kind in one rule": own("src/config/acl-schema.ts", "MAX_PARTS"),
  "budget of the guard, frames": own("src/config/guard-schema.ts", "MAX_FRAMES"),
  "time of the guard, ms": own("src/config/guard-schema.ts", "MAX_TIME_MS"),
  "other file that is read again, bytes": own("src/config/watched-file.ts", "MAX_BYTES"),
  "between two looks at it, ms": own("src/config/watched-file.ts", "POLL_MS"),
  "files of the dashboard, and their bytes": `${own(STATIC, "MAX_FILES")}, ${own(STATIC, "MAX_BYTES")}`,
};

const CLIENT: Limits = {
  "a client's connect, and its upgrade, ms": dialTimeoutMs,
  "a client's short waits, from and to, and its longest, ms": `${backoff.leastMs}, ${backoff.mostMs}, ${backoff.maxMs}`,
  "waits are short when somebody answers, and when nobody does, ms": `${BUSY_SHORT_MS}, ${SILENT_SHORT_MS}`,
  "waits after a definite no, least and most, ms": `${DENIED_BACKOFF.leastMs}, ${DENIED_BACKOFF.maxMs}`,
  "a connection that had lasted is dialed again within, ms": AT_ONCE_MS,
  "that broke within 5 s of their welcome, in a row, until waits grow": MOST_HOPES,
  "a silent server is waited for before the next one is dialed, ms": own("src/client/session-dialer.ts", "PATIENCE_MS"),
  "and before it is dialed once more, ms": own("src/client/session-dialer.ts", "AGAIN_AFTER_MS"),
  "and one address of it, ms": own("src/transport/happy-eyeballs.ts", "AGAIN_AFTER_MS"),
  "frames held while there is no connection, bytes": MAX_HELD_BYTES,
  "and for how long, ms": own("src/client/outbound.ts", "MAX_HELD_MS"),
  "a connection that was replaced may still bring frames, ms": own("src/client/retired-connections.ts", "RETIRE_MS"),
  "answer to a probe, ms": own("src/client/lane.ts", "MOST_PROBE_MS"),
  "wait that an answer of 429 or 503 can ask for, ms": own("src/transport/dial-error.ts", "MAX_RETRY_AFTER_MS"),
  "sentence beside a refusal, bytes read": own("src/transport/refusal-sentence.ts", "MAX_BODY_BYTES"),
  "and characters shown": own("src/transport/refusal-sentence.ts", "MAX_SENTENCE_LENGTH"),
  "and time for it, ms": own("src/transport/read-body.ts", "READ_TIMEOUT_MS"),
  "page beside a proxy's question for a login, bytes": own("src/transport/http-tunnel.ts", "MAX_SKIPPED_BYTES"),
  "name, user or password for a SOCKS proxy, bytes": own("src/transport/socks-tunnel.ts", "MAX_FIELD_BYTES"),
  "between two addresses of a name, ms": own("src/transport/happy-eyeballs.ts", "ATTEMPT_DELAY_MS"),
  "names whose addresses are remembered": own("src/transport/remembered-names.ts", "MAX_NAMES"),
  "DNS, where they are, ms": own("src/transport/remembered-names.ts", "PATIENCE_MS"),
  "routes to servers and proxies": own("src/device/route-pins.ts", "MAX_PINS"),
  "addresses from the server": own("src/wire/control-message.ts", "MAX_ADDRESSES"),
  "time lost until sleep is suspected, ms": own("src/base/clock-jump.ts", "JUMP_MS"),
  "after a change of the network, until it is looked at, ms": own("src/device/network-watch.ts", "SETTLE_MS"),
  "routes that are looked at, characters": own("src/device/network-state.ts", "MAX_TABLE_CHARACTERS"),
  "servers whose credential is kept": own("src/state/kept-credentials.ts", "MAX_SERVERS"),
};

/** By the heading of their table. */
const HTTP_DOOR = "src/api/http-door.ts";
const PLACES = "src/api/checking-places.ts";
const SESSIONS = "src/api/operator-sessions.ts";
const SESSION_FILE = "src/state/session-file.ts";
const TICKETS = "src/api/tickets.ts";
const CONTROL = "src/config/control-schema.ts";
const DESK = "src/cli/control-desk.ts";

const CAPTURES: Limits = {
  "captures at a time": MAX_CAPTURES,
  "frames that wait for a reader, bytes": CAPTURE_DEFAULTS.ringBytes,
  "frames that are taken, bytes per second": CAPTURE_DEFAULTS.bytesPerSecond,
  "frames that are taken at once, bytes": CAPTURE_DEFAULTS.burstBytes,
  "frames that are taken while there is other work, bytes per second": CAPTURE_DEFAULTS.busyBytesPerSecond,
  "from one look at how much other work there is to the next, ms": own("src/server/loop-load.ts", "SAMPLE_MS"),
  "file that is written ahead of a reader, bytes": own("src/capture/capture-file.ts", "STAGE_BYTES"),
  "pieces in which it is sent, bytes": own("src/api/capture-stream.ts", "PIECE_BYTES"),
  "until a reader is told, ms": own("src/capture/frame-capture.ts", "READABLE_DELAY_MS"),
  ports: own("src/capture/frame-capture.ts", "MAX_WATCHED_PORTS"),
  "filter, characters": MAX_FILTER_LENGTH,
  "parentheses and `not` inside of each other": own("src/capture/filter-parser.ts", "MAX_FILTER_DEPTH"),
  "snap, from and to, bytes": `${MIN_SNAP_BYTES}, ${MAX_SNAP_BYTES}`,
  "text in the file, bytes": own("src/capture/pcapng.ts", "MAX_TEXT_BYTES"),
};

const OPERATORS: Limits = {
  ...STEERING,
  "connections, at each listener and from one address": `${OPERATORS_CENSUS.maxConnections}, ${OPERATORS_CENSUS.maxConnectionsPerAddress}`,
  "of these, in their handshake, in all and from one address": `${own(DESK, "MAX_PENDING")}, ${OPERATORS_CENSUS.maxPendingPerAddress}`,
  "requests that are answered at a time, at one door": own(HTTP_DOOR, "MAX_REQUESTS"),
  "body, bytes": MAX_BODY_BYTES,
  "until a body is whole, ms": own(HTTP_DOOR, "BODY_TIMEOUT_MS"),
  "reader who takes nothing, ms": own(HTTP_DOOR, "STALLED_READER_MS"),
  "the same of a live feed or a capture, ms": own("src/api/api.ts", "RESTING_READER_MS"),
  "a silent reader of these is asked whether it is there, ms": own("src/api/api.ts", "KEEP_ALIVE_MS"),
  "last answers when the server stops, ms": own(DESK, "LAST_ANSWERS_MS"),
  "credentials that are checked at a time, in all and of one address": `${own(PLACES, "MAX_CHECKING")}, ${own(PLACES, "MAX_CHECKING_OF_ADDRESS")}`,
  "password or token, characters": own("src/api/session-routes.ts", "MAX_SECRET_LENGTH"),
  "browsers that are logged in": own(SESSIONS, "MAX_SESSIONS"),
  "cookie or ticket, random bytes": own(SESSIONS, "SECRET_BYTES"),
  "login without a request, ms": own(SESSIONS, "SESSION_IDLE_MS"),
  "between two times that requests are kept for a restart, ms": own(SESSIONS, "KEEP_SEEN_MS"),
  "kept logins, and their file, bytes": `${own(SESSION_FILE, "MAX_KEPT")}, ${own(SESSION_FILE, "MAX_BYTES")}`,
  "login, ms": DEFAULT_SESSION_MS,
  "that, least and most, ms": `${own(CONTROL, "MIN_SESSION_MS")}, ${own(CONTROL, "MAX_SESSION_MS")}`,
  "listeners of operators": own(CONTROL, "MAX_LISTENERS"),
  "unused tickets": own(TICKETS, "MAX_TICKETS"),
  "ticket, ms": own(TICKETS, "TICKET_LIFE_MS"),
  "cookies that are looked at": own("src/api/session-cookie.ts", "MAX_COOKIES"),
  "listeners of a live feed": own("src/api/live-feed.ts", "MAX_SUBSCRIBERS"),
  "waits for one that does not read, bytes": own("src/api/live-stream.ts", "MAX_WAITING_BYTES"),
  "of it, events that it missed, bytes": own("src/api/live-feed.ts", "MAX_MISSED_BYTES"),
  "rows of an answer": own("src/api/page-query.ts", "MAX_ROWS"),
  "text in a query, characters": own("src/api/page-query.ts", "MAX_TEXT_LENGTH"),
  "between two samples of a live feed, ms": own("src/api/live-feed.ts", "SAMPLE_EVERY_MS"),
  "between two signs of life there, ms": own("src/api/live-feed.ts", "KEEP_ALIVE_EVERY_MS"),
  "connections to a client's own socket": own("src/api/client-api.ts", "MAX_CONNECTIONS"),
  "a request there, ms": own("src/api/client-api.ts", "REQUEST_TIMEOUT_MS"),
};

export const LIMITS: Readonly<Record<string, Limits>> = {
  "### Before anybody is known": BEFORE,
  "### Credentials": CREDENTIALS,
  "### Peers": PEERS,
  "### Operators": OPERATORS,
  "### Captures": CAPTURES,
  "### The guard": GUARD,
  "### Files": FILES,
  "### The client": CLIENT,
};

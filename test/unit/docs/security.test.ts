/** The limits of docs/SECURITY.md against the constants. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readSources } from "../../source-files.ts";
import { readText, sectionOf, tableRows } from "./documents.ts";
import { LIMITS } from "./limits.ts";

/** Folders in which whatever comes from a stranger, a peer or a file is bounded. */
const BOUNDED = ["access", "api", "capture", "config", "control", "guard", "server", "state", "transport"];

/** Constants that look like limits and are none: units, shapes of a protocol, what the schema says beside its key. */
const NO_LIMITS: readonly string[] = [
  ...[
    "DAY_MS",
    "UNITS_MS",
    "SLACK_MS",
    "LIFE_MS",
    "TICK_MS",
    "MAX_COUNTED_MS",
    "INITIAL_MS",
    "RETRY_AFTER_MS",
    "RETRY_PER_PEER_MS",
    "DRAIN_MARGIN_MS",
    "UNSETTLED_MS",
    "SILENT_MS",
    "RESOLUTION_MS",
  ],
  // How a sender keeps pace with its line: it loses nothing by them.
  ...["FAST_ROUND_TRIP_MS", "FAST_BYTES_PER_MS", "SLOW_BYTES_PER_MS", "CAREFUL_BYTES_PER_MS", "FAST_TARGET_MS"],
  ...["COMMITTED_MS", "UNSENT_MS", "PIECE_MS", "MIN_COMMITTED_BYTES", "MIN_UNSENT_BYTES", "MIN_PIECE_BYTES"],
  ...[
    "MAX_HOLD_MS",
    "PUT_OFF_EVERY_MS",
    "FAST_COMMITTED_MS",
    "MIN_FAST_COMMITTED_BYTES",
    "MIN_HOLD_MS",
    "WINDOW_MS",
    "MARGIN_MS",
    "ENGAGE_MS",
    "MIN_ROUND_MS",
    "MIN_LIMIT_BYTES",
    "MAX_FREE_TABLES",
    "LARGEST_FRAME_CHUNKS",
    "MAX_HELD_CHUNKS",
  ],
  ...["JWT_DEFAULTS", "WEB_SERVER_DEFAULTS", "CERTIFICATE_DEFAULTS", "NETWORK_DEFAULTS", "CONNECTION_DEFAULTS"],
  ...[
    "MAX_BASIC_LENGTH",
    "MAX_LISTED",
    "MAX_LENGTH",
    "MAX_UNIX_PATH_BYTES",
    "MAX_VLAN",
    "MAX_VLAN_ID",
    "MAX_PORT",
    "MAX_OTHER_BLOCK_BYTES",
    "MIN_MTU_BYTES",
    "MAX_MTU_BYTES",
  ],
];

const security = readText("docs/SECURITY.md");

describe("docs/SECURITY.md", () => {
  for (const [heading, limits] of Object.entries(LIMITS)) {
    test(`${heading}: names each limit with the value in the code and a reason, and no other`, () => {
      const rows = tableRows(sectionOf(security, heading)).slice(1);
      const documented = Object.fromEntries(rows.map(([limit = "", value]) => [limit, value]));
      const expected = Object.fromEntries(Object.entries(limits).map(([limit, value]) => [limit, String(value)]));
      assert.deepEqual(documented, expected);
      for (const [limit, , why = ""] of rows) assert.notEqual(why, "", `${limit} has no reason`);
    });
  }

  test("no constant that bounds something was forgotten", () => {
    const compared = readText("test/unit/docs/limits.ts");
    const BOUND = /^(?:export )?const ((?:MAX|MIN|LARGEST)_\w+|\w+_MS|\w+_DEFAULTS)(?:: \w+)? =/gm;
    const names = readSources("src")
      .filter(({ path }) => BOUNDED.includes(path.split("/")[1] ?? ""))
      .flatMap(({ path, text }) => [...text.matchAll(BOUND)].map(([, name = ""]) => ({ path, name })));
    assert.ok(names.length > 60, "the constants were found");
    for (const { path, name } of names) {
      const isCompared = new RegExp(`\\b${name}\\b`).test(compared) || NO_LIMITS.includes(name);
      assert.ok(isCompared, `${path}: ${name} is no limit of docs/SECURITY.md; add it to test/unit/docs/limits.ts`);
    }
  });
});

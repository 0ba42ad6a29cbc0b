import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { systemClock } from "../base/clock.ts";
import { nativeMask } from "../device/native-mask.ts";
import { examine } from "../doctor/doctor.ts";
import type { Finding } from "../doctor/finding.ts";
import { formatFinding, formatJson, formatSummary, summaryOf } from "../doctor/report.ts";
import { DOCTOR_DEFAULTS, type DoctorOptions, type Ground } from "../doctor/step.ts";
import { makeConnectionDeps } from "../transport/connection-deps.ts";
import { formatMac, type Mac } from "../wire/mac.ts";
import { findTarget, type TargetSettings } from "./client-target.ts";
import { type ClientTlsFiles, loadClientTls } from "./client-tls.ts";
import { Congestion, DEFAULT_CONGESTION } from "./congestion.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { makeTuneSocket } from "./tune-socket.ts";
import { loadWay, type WaySettings } from "./way-settings.ts";

/** The doctor as its command line describes it. */
export interface DoctorSettings extends TargetSettings, ClientTlsFiles, WaySettings {
  readonly quick: boolean;
  readonly idleSeconds: number | undefined;
  readonly json: boolean;
}

/** Enough to see what is there. */
const QUICK = { loadMs: 1_000, loadBytes: 64 * 1024 * 1024, idleMs: 0 } as const;
/** The clock's timers keep no process alive; a look-up that never ends must not end ours in silence. */
const AWAKE_MS = 60_000;

/** Examines the server, or each of those that are kept, and prints what it finds as it goes. Sets the exit status. */
export async function runDoctor(settings: DoctorSettings): Promise<void> {
  hideSecrets("doctor", settings);
  const { servers, pins, credentials, dialects, keep } = findTarget(settings);
  const connectionDeps = makeConnectionDeps(
    systemClock,
    nativeMask(),
    makeTuneSocket(new Congestion(DEFAULT_CONGESTION)),
  );
  const options = {
    ...DOCTOR_DEFAULTS,
    ...(settings.quick ? QUICK : {}),
    ...(settings.idleSeconds === undefined ? {} : { idleMs: settings.idleSeconds * 1000 }),
    ...{ credentials, dialects, mac: guestMac() },
    tls: loadClientTls(settings, pins),
    way: loadWay(settings, process.env),
  };
  // Ends what a proxy or a server would keep open when all is said.
  const over = new AbortController();
  const ground: Omit<Ground, "options" | "report"> = {
    clock: systemClock,
    connectionDeps,
    lookUp: (host, family) => lookup(host, { all: true, family, order: "verbatim" }),
    wallMs: () => Date.now(),
    signal: over.signal,
    keepCredential: keep,
  };
  const awake = setInterval(() => {}, AWAKE_MS);
  let isOk = true;
  try {
    for (const url of servers) {
      const findings = await examineOne(ground, Object.freeze({ ...options, url }), settings.json);
      isOk &&= summaryOf(findings).ok;
    }
  } finally {
    clearInterval(awake);
    over.abort();
  }
  process.exitCode = isOk ? 0 : 1;
}

async function examineOne(
  ground: Omit<Ground, "options" | "report">,
  options: DoctorOptions,
  isJson: boolean,
): Promise<readonly Finding[]> {
  const { display } = options.url;
  const findings: Finding[] = [];
  const report = (one: Finding): void => {
    findings.push(one);
    if (!isJson) print(formatFinding(one));
  };
  if (!isJson) print(`${display}\n`);
  await examine({ ...ground, options, report });
  print(isJson ? formatJson(display, findings) : `\n${formatSummary(findings)}`);
  return findings;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Locally administered and nobody's, so that a guest is never taken for a client of this machine. */
function guestMac(): Mac {
  const bytes = randomBytes(6);
  return formatMac(((bytes.readUInt16BE(0) & 0xfcff) | 0x0200) >>> 0, bytes.readInt32BE(2));
}

import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { systemClock } from "../base/clock.ts";
import { nativeMask } from "../device/native-mask.ts";
import { examine } from "../doctor/doctor.ts";
import type { Finding } from "../doctor/finding.ts";
import { formatFinding, formatJson, formatSummary, summaryOf } from "../doctor/report.ts";
import { DOCTOR_DEFAULTS, type DoctorOptions, type Ground } from "../doctor/step.ts";
import { makeConnectionDeps } from "../transport/connection-deps.ts";
import { STRAIGHT } from "../transport/way-out.ts";
import { formatMac, type Mac } from "../wire/mac.ts";
import { findTarget, type TargetSettings } from "./client-target.ts";
import { type ClientTlsFiles, loadClientTls } from "./client-tls.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { tuneSocket } from "./tune-socket.ts";

/** The doctor as its command line describes it. */
export interface DoctorSettings extends TargetSettings, ClientTlsFiles {
  readonly quick: boolean;
  readonly idleSeconds: number | undefined;
  readonly json: boolean;
}

/** Enough to see what is there. */
const QUICK = { loadMs: 1_000, loadBytes: 64 * 1024 * 1024, idleMs: 0 } as const;
/** The clock's timers keep no process alive; a look-up that never ends must not end ours in silence. */
const AWAKE_MS = 60_000;

/** Examines, and prints what it finds as it goes. Sets the exit status. */
export async function runDoctor(settings: DoctorSettings): Promise<void> {
  hideSecrets("doctor", settings.target);
  const { url, pins, credentials, dialects, keep } = findTarget(settings);
  const findings: Finding[] = [];
  const options: DoctorOptions = Object.freeze({
    ...DOCTOR_DEFAULTS,
    ...(settings.quick ? QUICK : {}),
    ...(settings.idleSeconds === undefined ? {} : { idleMs: settings.idleSeconds * 1000 }),
    ...{ url, credentials, dialects, way: STRAIGHT, mac: guestMac() },
    tls: loadClientTls(settings, pins),
  });
  const ground: Ground = {
    clock: systemClock,
    connectionDeps: makeConnectionDeps(systemClock, nativeMask(), tuneSocket),
    lookUp: (host, family) => lookup(host, { all: true, family, order: "verbatim" }),
    wallMs: () => Date.now(),
    options,
    signal: new AbortController().signal,
    keepCredential: keep,
    report: (one) => {
      findings.push(one);
      if (!settings.json) print(formatFinding(one));
    },
  };
  const awake = setInterval(() => {}, AWAKE_MS);
  try {
    if (!settings.json) print(`${url.display}\n`);
    await examine(ground);
  } finally {
    clearInterval(awake);
  }
  print(settings.json ? formatJson(url.display, findings) : `\n${formatSummary(findings)}`);
  process.exitCode = summaryOf(findings).ok ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Locally administered and nobody's, so that a guest is never taken for a client of this machine. */
function guestMac(): Mac {
  const bytes = randomBytes(6);
  return formatMac(((bytes.readUInt16BE(0) & 0xfcff) | 0x0200) >>> 0, bytes.readInt32BE(2));
}

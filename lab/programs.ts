/**
 * The programs of others that the lab uses: found, or installed from Debian when we may (root, apt-get there).
 * A developer without root gets a reason to skip; under CI=true a missing need is an error that names it, because a
 * skipped test there is a test that nobody runs.
 */
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.ts";

/** Debian package of each program, by the program's name. */
const PACKAGES = {
  chromium: "chromium",
  danted: "dante-server",
  dnsmasq: "dnsmasq-base",
  gcc: "gcc",
  haproxy: "haproxy",
  htpasswd: "apache2-utils",
  ip: "iproute2",
  iperf3: "iperf3",
  microsocks: "microsocks",
  nginx: "nginx",
  openssl: "openssl",
  openvpn: "openvpn",
  ping: "iputils-ping",
  pngquant: "pngquant",
  prometheus: "prometheus",
  promtool: "prometheus",
  squid: "squid",
  ss: "iproute2",
  tcpdump: "tcpdump",
  udhcpc: "udhcpc",
} as const;

type ProgramName = keyof typeof PACKAGES;

/** Daemons live in sbin, which an ordinary user's PATH leaves out. */
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** Path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? "").split(":"), ...SYSTEM_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/** Makes sure that the programs are there, installing their packages when root; an error names what is missing. */
export async function requirePrograms(...names: readonly ProgramName[]): Promise<void> {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PACKAGES[name]))];
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || findProgram("apt-get") === undefined) {
    throw new Error(`needs ${missing.join(", ")}; on Debian: ${command}`);
  }
  await install(packages);
  const stillMissing = names.filter((name) => findProgram(name) === undefined);
  if (stillMissing.length > 0) throw new Error(`${command} did not bring ${stillMissing.join(", ")}`);
}

/**
 * Why tests in namespaces cannot run here, for `test(name, { skip: await whyNoLab("iperf3") }, …)`; false when they can.
 * Under CI=true it throws instead.
 */
export async function whyNoLab(...names: readonly ProgramName[]): Promise<string | false> {
  try {
    if (process.getuid?.() !== 0) throw new Error("needs root: it makes network namespaces and TAP devices");
    if (!isReadable("/dev/net/tun")) throw new Error("needs /dev/net/tun (modprobe tun)");
    await requirePrograms("ip", ...names);
    return false;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

let listsAreFresh = false;

async function install(packages: readonly string[]): Promise<void> {
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  if (!listsAreFresh) await run(["apt-get", "update", "-qq"], { environment, allowFailure: true });
  listsAreFresh = true;
  await withoutDaemons(() =>
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages], { environment }),
  );
}

/** Debian starts a daemon that it installs, unless this program says no; the lab starts its own, in namespaces. */
const POLICY = "/usr/sbin/policy-rc.d";

async function withoutDaemons(install: () => Promise<unknown>): Promise<void> {
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

function isReadable(path: string): boolean {
  return isAccessible(path, constants.R_OK | constants.W_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

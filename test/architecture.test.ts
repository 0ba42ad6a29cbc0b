/**
 * The house rules that a machine can check: docs/ARCHITECTURE.md says which way imports point, and why. Every failure
 * names the file and the reason.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { VERSION } from "../src/base/version.ts";
import { findCycle, importsOf, PROJECT_ROOT, readSources, type SourceFile, type SourceImport } from "./source-files.ts";

interface Layer {
  /** Other folders of src/ it may lean on; a folder may always import from itself. */
  readonly folders: readonly string[] | "any";
  /** Packages and node builtins; `node:*` stands for all builtins. */
  readonly packages: readonly string[] | "any";
  readonly why: string;
}

const LAYERS: Readonly<Record<string, Layer>> = {
  base: { folders: [], packages: [], why: "everything leans on base, so base leans on nothing" },
  wire: { folders: ["base"], packages: ["zod", "ipaddr.js"], why: "codecs are pure: no I/O, no clock" },
  switch: { folders: ["base", "wire"], packages: [], why: "the switch does no I/O and has no timers of its own" },
  device: {
    folders: ["base", "wire"],
    packages: ["node:*", "node-gyp-build", "ipaddr.js"],
    why: "a device knows frames, not who reads them",
  },
  transport: {
    folders: ["base", "wire"],
    packages: ["node:*", "ipaddr.js", "socks"],
    why: "a connection knows frames, not switches and devices",
  },
  guard: {
    folders: ["base", "wire", "switch"],
    packages: [],
    why: "the guard looks at frames; who a peer is was decided before",
  },
  access: {
    folders: ["base", "wire", "switch"],
    packages: ["node:crypto", "jose", "bcryptjs"],
    why: "who may come in is decided on values alone: what is in files comes in as a value",
  },
  state: {
    folders: ["base", "wire", "access"],
    packages: ["node:*", "@peculiar/x509", "reflect-metadata", "zod"],
    why: "state keeps files of our own; it decides nothing",
  },
  config: {
    folders: ["base", "wire", "switch", "guard", "access", "transport"],
    packages: ["node:*", "yaml", "zod", "@peculiar/x509", "reflect-metadata"],
    why: "a configuration file becomes complete values; nothing is started from here",
  },
  capture: {
    folders: ["base", "wire", "switch"],
    packages: [],
    why: "a capture looks at frames; who asked for it was decided before",
  },
  control: {
    folders: ["base", "switch", "wire", "capture"],
    packages: ["zod"],
    why: "control shows and steers, it owns no sockets",
  },
  api: {
    folders: ["base", "wire", "access", "transport", "control", "capture"],
    packages: ["node:*", "zod", "hono", "@hono/node-server", "prom-client"],
    why: "the API shows the control model, and knows no server behind it",
  },
  server: {
    folders: ["base", "wire", "switch", "guard", "device", "transport", "access", "control", "capture"],
    packages: ["node:*"],
    why: "the server is composed of everything but the client and the command line",
  },
  client: {
    folders: ["base", "wire", "device", "transport", "control"],
    packages: ["node:*"],
    why: "a client has a device and a connection, and shows itself in control's words; the switch is the server's",
  },
  doctor: {
    folders: ["base", "wire", "transport"],
    packages: ["node:*"],
    why: "the doctor goes the client's way without a device, and sends to nobody but the server",
  },
  cli: { folders: "any", packages: "any", why: "the command line composes everything" },
};

/** Narrow exceptions, each by file. */
const ALSO_ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // The handshake's SHA-1.
  "src/wire/opening.ts": ["node:crypto"],
  // bcrypt takes a quarter of a second, which frames cannot wait for.
  "src/access/password-checker.ts": ["node:worker_threads"],
  "src/access/password-thread.ts": ["node:worker_threads"],
  "src/access/password-worker.ts": ["node:worker_threads"],
};

const MAX_LINES = 300;

const sources = readSources("src");
const pages = readSources("web/src");
const others = [...pages, ...["test", "lab", "bench", "scripts"].flatMap(readSources)];

const folderOf = (path: string): string => path.split("/")[1] ?? "";

/** What is wrong with an import; undefined if nothing is. */
function judge({ path }: Pick<SourceFile, "path">, { specifier, target, isOurs }: SourceImport): string | undefined {
  const folder = folderOf(path);
  const layer = LAYERS[folder];
  if (layer === undefined) return `${path}: src/${folder}/ is not in the table of layers; add it, with its reason`;
  if (isOurs && !target.startsWith("src/")) return `${path} imports ${specifier}: src/ stands on its own`;
  if (isOurs && !specifier.endsWith(".ts")) return `${path} imports ${specifier}: our imports end in .ts`;
  const isAllowed = isOurs ? mayLeanOn(layer, folder, folderOf(target)) : mayUse(layer, path, target);
  return isAllowed ? undefined : `${path} may not import ${specifier}: ${layer.why}`;
}

function mayLeanOn({ folders }: Layer, folder: string, other: string): boolean {
  return folder === other || folders === "any" || folders.includes(other);
}

function mayUse({ packages }: Layer, path: string, name: string): boolean {
  if (packages === "any" || packages.includes(name) || ALSO_ALLOWED[path]?.includes(name)) return true;
  return name.startsWith("node:") && packages.includes("node:*");
}

/** Fails with one line per file for which `complaint` finds a reason. */
function assertNone(files: readonly SourceFile[], complaint: (file: SourceFile) => string | undefined): void {
  const complaints = files.map(complaint).filter((text) => text !== undefined);
  assert.deepEqual(complaints, [], complaints.join("\n"));
}

/** Without comments and texts, so that words in them are not taken for code. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:\\.|[^"\\\n])*"/gm, "");

describe("architecture", () => {
  test("imports point only where the table of layers allows", () => {
    assert.ok(sources.length > 50, "the sources were found");
    const complaints = sources.flatMap((file) =>
      file.imports.map((one) => judge(file, one)).filter((text) => text !== undefined),
    );
    assert.deepEqual(complaints, [], complaints.join("\n"));
  });

  test("a forbidden import is noticed in every form it can be written in", () => {
    const path = "src/switch/switch.ts";
    const forms = [
      'import { connect } from "node:net";',
      'import type { Socket } from "node:net";',
      'import {\n  connect,\n  type Socket,\n} from "node:net";',
      'import "node:net";',
      'export { connect } from "node:net";',
      'export * from "node:net";',
      'const net = await import("node:net");',
    ];
    for (const text of forms) {
      const complaints = importsOf(path, text).map((one) => judge({ path }, one));
      assert.deepEqual(complaints, [
        "src/switch/switch.ts may not import node:net: the switch does no I/O and has no timers of its own",
      ]);
    }
    const [sideways] = importsOf(path, 'import { Server } from "../server/server.ts";');
    assert.match(judge({ path }, sideways as SourceImport) ?? "", /may not import \.\.\/server/);
  });

  test("the dashboard knows the server by its types, and brings nothing but what it shows with", () => {
    assert.ok(pages.length > 50, "the dashboard was found");
    assertNone(pages, ({ path, text, imports }) => {
      const isForeign = ({ target, isOurs }: SourceImport): boolean => !isOurs && !/^(preact|uplot)$/.test(target);
      const values = /^import (?!type)[^;]*? from "(?:\.\.\/)+(src\/(?!base\/)[^"]*)"/m.exec(text)?.[1];
      const wrong = values ?? imports.find(isForeign)?.target;
      return wrong === undefined
        ? undefined
        : `${path} may not import ${wrong}: a browser runs it, under 100 kB in all`;
    });
  });

  test("no import cycles", () => {
    const cycle = findCycle([...sources, ...pages]);
    assert.equal(cycle, undefined, `files import each other in a circle: ${cycle?.join(" → ")}`);
    const knot = [
      ["src/a.ts", "./b.ts"],
      ["src/b.ts", "./a.ts"],
    ].map(([path = "", to]) => ({ path, text: "", imports: importsOf(path, `import "${to}";`) }));
    assert.deepEqual(findCycle(knot), ["src/a.ts", "src/b.ts", "src/a.ts"]);
  });

  test("only src/device/addon.ts loads the addon", () => {
    assertNone(sources, ({ path, text, imports }) => {
      if (path === "src/device/addon.ts") return undefined;
      const loads = imports.some(({ target }) => ["node-gyp-build", "node:module"].includes(target));
      return loads || /createRequire|process\.dlopen|\.node"/.test(text)
        ? `${path} loads native code: that is src/device/addon.ts's alone`
        : undefined;
    });
  });

  test("no default exports, and no file that only passes on what others export", () => {
    assertNone([...sources, ...others], ({ path, text }) => {
      if (/^export default\b|\bas default\b/m.test(codeOf(text)))
        return `${path} has a default export: names are found, defaults are not`;
      const statements = codeOf(text)
        .split(";")
        .map((statement) => statement.trim())
        .filter((statement) => statement !== "");
      const isBarrel = statements.length > 0 && statements.every((one) => /^export\b[\s\S]*\bfrom$/.test(one));
      return isBarrel ? `${path} is a barrel: import from where a name lives` : undefined;
    });
  });

  test("a file is named for the one thing in it", () => {
    assertNone([...sources, ...others], ({ path }) =>
      /((^|[/-])(utils?|helpers?|common|misc)|(^|\/)index)(\.test)?\.ts$/.test(path)
        ? `${path}: name the noun that is in it`
        : undefined,
    );
  });

  test("files are short enough to be read at once", () => {
    assertNone([...sources, ...pages], ({ path, text }) => {
      const lines = text.trimEnd().split("\n").length;
      return lines > MAX_LINES
        ? `${path} has ${lines} lines, ${MAX_LINES} are the limit: it holds more than one noun`
        : undefined;
    });
  });

  test("nothing is left for later in the sources, and no check is switched off", () => {
    assertNone([...sources, ...pages], ({ path, text }) => {
      const mark = /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck)/.exec(text);
      return mark === null ? undefined : `${path} says ${mark[0]}: do it, or make it an issue`;
    });
  });

  test("the version in the code is the package's", () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8"));
    assert.equal(VERSION, version);
  });
});

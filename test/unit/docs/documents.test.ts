/** What holds for all documents: links resolve, dependencies and folders are named. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, test } from "node:test";
import { readSources } from "../../source-files.ts";
import { anchorsOf, codeOf, DOCUMENTS, exists, proseOf, readText, sectionOf, tableRows } from "./documents.ts";

describe("the documents", () => {
  test("link only to files and headings that are there", () => {
    let links = 0;
    for (const document of DOCUMENTS) {
      for (const [, target = ""] of proseOf(readText(document)).matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        links++;
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? document : posix.join(posix.dirname(document), path);
        assert.ok(exists(file), `${document} links to ${target}: there is no ${file}`);
        if (anchor === undefined) continue;
        assert.ok(anchorsOf(readText(file)).has(anchor), `${document} links to ${target}: no such heading`);
      }
    }
    assert.ok(links > 10, "the links were found");
  });

  test("name only source files that are there", () => {
    for (const document of DOCUMENTS) {
      for (const path of codeOf(readText(document).replace(/^```[\s\S]*?^```$/gm, ""))) {
        if (!/^(?:src|native|lab|bench|scripts|test|contrib)\/[\w./-]+\.\w+$/.test(path)) continue;
        const isResult = path.startsWith("bench/results/");
        assert.ok(isResult || exists(path), `${document} names ${path}: it is not there`);
      }
    }
  });

  test("DEPENDENCIES.md has a row for each package of package.json, and for no other", () => {
    const { dependencies, devDependencies } = JSON.parse(readText("package.json"));
    const document = readText("docs/DEPENDENCIES.md");
    const named = (heading: string): string[] =>
      tableRows(sectionOf(document, heading))
        .flatMap(([cell = ""]) => codeOf(cell))
        .sort();
    assert.deepEqual(named("## At run time"), Object.keys(dependencies).sort());
    assert.deepEqual(named("## For development"), Object.keys(devDependencies).sort());
  });

  test("ARCHITECTURE.md has a row for each folder of src/", () => {
    const house = tableRows(sectionOf(readText("docs/ARCHITECTURE.md"), "## The house"));
    const rows = house.flatMap(([cell = ""]) => codeOf(cell)).filter((path) => path.startsWith("src/"));
    const folders = new Set(readSources("src").map(({ path }) => `src/${path.split("/")[1]}/`));
    assert.deepEqual([...rows].sort(), [...folders].sort());
  });

  test("ARCHITECTURE.md says of each folder what the architecture test lets it import", () => {
    const house = tableRows(sectionOf(readText("docs/ARCHITECTURE.md"), "## The house"));
    const LAYER = /^ {2}(\w+): \{\s*folders: \[([^\]]*)\],\s*packages: \[([^\]]*)\]/gm;
    const layers = [...readText("test/architecture.test.ts").matchAll(LAYER)];
    assert.ok(layers.length >= 12, "the layers were found");
    for (const [, name = "", folders = "", packages = ""] of layers) {
      const [, , mayImport = ""] = house.find(([cell]) => cell === `\`src/${name}/\``) ?? [];
      for (const [, word = ""] of `${folders},${packages}`.matchAll(/"([^"]+)"/g)) {
        const said = word === "node:*" ? "node" : word;
        assert.ok(mayImport.includes(said), `src/${name}/ may import ${said}, and its row does not say so`);
      }
    }
  });

  test("DEPENDENCIES.md names each Debian package that tests, demo and bench install", () => {
    const [, table = ""] = /const PACKAGES = \{([^}]*)\}/.exec(readText("lab/programs.ts")) ?? [];
    const [, list = ""] = /packages=\(([a-z][^)]*)\)/.exec(readText("scripts/test.sh")) ?? [];
    const packages = [...[...table.matchAll(/: "([^"]+)"/g)].map(([, name = ""]) => name), ...list.split(" ")];
    assert.ok(packages.length > 15, "the packages were found");
    const document = readText("docs/DEPENDENCIES.md");
    for (const name of packages) assert.ok(document.includes(name), `${name} is not named`);
  });

  test("what the documents tell people to use is in the package", () => {
    const { files } = JSON.parse(readText("package.json"));
    for (const folder of ["contrib", "docs", "dist"]) assert.ok(files.includes(folder), folder);
  });

  test("CHANGELOG.md has an entry for the version of package.json", () => {
    const { version } = JSON.parse(readText("package.json"));
    assert.ok(readText("docs/CHANGELOG.md").includes(`\n## [${version}]`));
  });
});

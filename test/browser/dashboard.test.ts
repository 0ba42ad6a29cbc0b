/** The dashboard of a real server with real clients, in a real Chromium. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startFlood } from "../../lab/iperf.ts";
import { Lab } from "../../lab/namespace.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { readPcapng } from "../pcapng-reader.ts";
import {
  ADMIN,
  CONTROL_URL,
  DashboardServer,
  NGINX_URL,
  PASSWORD,
  SERVER_ADDRESS,
  VIEWER,
} from "./dashboard-server.ts";
import { logIn } from "./log-in.ts";
import { WatchedPage } from "./watched-page.ts";

const noLab = await whyNoLab("chromium", "htpasswd", "iperf3", "nginx", "ping");
const TIMEOUT_MS = 15_000;

describe("the dashboard of a real server", { skip: noLab }, () => {
  let lab: Lab;
  let server: DashboardServer;

  before(async () => {
    lab = await Lab.open();
    server = await DashboardServer.start(lab);
    await server.join("bob", 0);
  });
  after(() => lab?.close());

  async function onNewScreen(
    look: (watched: WatchedPage) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    const context = await server.browser.newContext(options);
    context.setDefaultTimeout(TIMEOUT_MS);
    await look(await WatchedPage.open(context));
    await context.close();
  }

  /** On this page of the dashboard, where a user has logged in. */
  function asUser(
    user: string,
    route: string,
    look: (page: Page, watched: WatchedPage) => Promise<void>,
  ): Promise<void> {
    return onNewScreen(async (watched) => {
      await watched.page.goto(CONTROL_URL + route);
      await logIn(watched.page, user, PASSWORD);
      await watched.page.getByText("live", { exact: true }).waitFor();
      await look(watched.page, watched);
    });
  }

  test("lets nobody in with a wrong password, and an operator with the right one", () =>
    onNewScreen(async (watched) => {
      const { page } = watched;
      await page.goto(CONTROL_URL);
      await logIn(page, ADMIN, "not this");
      await page.getByRole("alert").filter({ hasText: "not right" }).waitFor();
      await logIn(page, "bob", PASSWORD);
      await page.getByRole("alert").filter({ hasText: "You may not look here" }).waitFor();
      await logIn(page, ADMIN, PASSWORD);
      await page.getByText(`${ADMIN} admin`).waitFor();
      await page.getByText("live", { exact: true }).waitFor();
      watched.assertWellBehaved();
    }));

  test("lets in whoever has what `vpn-ws dashboard` printed, once, and takes it out of the address", () =>
    onNewScreen(async ({ page }) => {
      const url = await server.ticketUrl();
      await page.goto(url);
      await page.getByText("local 0 admin").waitFor();
      assert.equal(page.url(), `${CONTROL_URL}#/`);
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByRole("button", { name: "Log in" }).waitFor();
      await page.goto("about:blank");
      await page.goto(url);
      await page.getByRole("alert").filter({ hasText: "used already" }).waitFor();
    }));

  test("shows peers as they come and go", () =>
    asUser(VIEWER, "#/peers", async (page, watched) => {
      await page.getByRole("link", { name: "bob" }).waitFor();
      const carl = await server.join("carl", 1);
      await page.getByRole("link", { name: "carl" }).waitFor();
      await carl.stop();
      await page.getByRole("link", { name: "carl" }).waitFor({ state: "detached" });
      await page.getByRole("link", { name: "Events" }).click();
      await page.getByText(/joined office: carl/).waitFor();
      watched.assertWellBehaved();
    }));

  test("shows a viewer nothing to act with", () =>
    asUser(VIEWER, "#/peers", async (page) => {
      await page.getByRole("link", { name: "bob" }).click();
      await page.getByRole("heading", { name: "Throughput" }).waitFor();
      const pageButtons = page.locator("main").getByRole("button");
      assert.equal(await pageButtons.count(), 0);
      await page.getByRole("link", { name: "Server", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Server" }).waitFor();
      assert.equal(await pageButtons.count(), 0);
    }));

  test("shows traffic: its charts rise, and its drawing says who it is between", () =>
    asUser(VIEWER, "#/", async (page, watched) => {
      const chart = page.getByRole("img", { name: /received: now/ });
      const before = await chart.locator("canvas").evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());
      const flood = await startFlood(server.clientNamespace(0), server.namespace, {
        address: SERVER_ADDRESS,
        direction: "up",
        seconds: 30,
        udpBitsPerSecond: 20e6,
      });
      await page.getByRole("img", { name: /received: now [\d.]+ Mbit\/s/ }).waitFor();
      const later = await chart.locator("canvas").evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());
      assert.notEqual(later, before);
      await page.getByRole("link", { name: "Network" }).click();
      await page.getByRole("row", { name: /^bob uplink of office office [\d.]+ Mbit\/s/ }).waitFor();
      await flood.stop();
      // Its middle is the uplink, of which there is one.
      await page.getByRole("application").click();
      await page.getByRole("heading", { level: 1, name: "uplink of office" }).waitFor();
      watched.assertWellBehaved();
    }));

  test("sends a peer away, who is told why and is kept out until that is lifted", () =>
    asUser(ADMIN, "#/peers", async (page, watched) => {
      const carl = await server.join("carl", 1);
      await page.getByRole("link", { name: "carl" }).click();
      await page.getByRole("button", { name: "Send away…" }).click();
      await page.getByLabel("Reason").fill("your machine is infected");
      await page.getByLabel("Then it").selectOption({ label: "may not come back for an hour" });
      await page.getByRole("dialog").getByRole("button", { name: "Send away" }).click();
      await carl.child.waitUntil("the reason", () => carl.child.stderr.includes("your machine is infected"));
      await carl.child.waitUntil("the ban", () => carl.child.stderr.includes("403"));
      const ban = page.getByRole("row", { name: /^carl/ });
      await page.getByRole("link", { name: "Bans" }).click();
      await ban.getByRole("button", { name: "Lift…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
      await ban.waitFor({ state: "detached" });
      await carl.stop();
      await (await server.join("carl", 1)).stop();
      watched.assertWellBehaved();
    }));

  test("captures a peer's frames into a file that is saved", () =>
    asUser(ADMIN, "#/peers", async (page, watched) => {
      await page.getByRole("link", { name: "bob" }).click();
      await page.getByRole("button", { name: "Capture…" }).click();
      await page.getByLabel("Filter").fill("icmp");
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText(/^Capturing: [1-9]/).waitFor();
      await runPing(server.clientNamespace(0), { address: SERVER_ADDRESS, count: 3 });
      await page.getByText(/^Capturing: .* kB/).waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      const saved = page.waitForEvent("download");
      await page.getByRole("link", { name: /^Save bob.pcapng/ }).click();
      const { packets } = readPcapng(readFileSync(await (await saved).path()));
      assert.equal(packets.length, 6);
      watched.assertWellBehaved();
    }));

  test("asks to log in when the session has ended, and then shows the page where that was", () =>
    asUser(ADMIN, "#/drops", async (page) => {
      await page.context().clearCookies();
      await page.getByRole("alert").filter({ hasText: "Your session has ended" }).waitFor();
      await logIn(page, ADMIN, PASSWORD);
      await page.getByRole("heading", { level: 1, name: "Drops" }).waitFor();
    }));

  for (const origin of ["http://127.0.0.1:7999", "http://elsewhere.example"]) {
    test(`does nothing for a page of ${origin}, whatever the browser knows`, () =>
      asUser(ADMIN, "#/peers", async (visited) => {
        const page = await visited.context().newPage();
        await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: FORM }));
        await page.goto(`${origin}/`);
        assert.deepEqual(await page.evaluate(ATTACK), ["failed", "failed", "failed"]);
        const answered = page.waitForResponse(`${CONTROL_URL}api/v1/drain`).catch(() => undefined);
        await page.getByRole("button").click();
        assert.ok(((await answered)?.status() ?? 403) >= 400);
        assert.deepEqual(
          server.vpn.events("control.action").filter(({ action }) => action === "drain"),
          [],
        );
        assert.equal(server.vpn.events("peer.left").filter(({ user }) => user === "bob").length, 0);
      }));
  }

  test("answers no name that a stranger had resolve to it", () =>
    onNewScreen(async ({ page }) => {
      const rebound = new URL(CONTROL_URL);
      rebound.hostname = "rebound.example";
      for (const path of ["", "api/v1/session", "metrics"]) {
        const answer = await page.goto(`${rebound}${path}`);
        assert.equal(answer?.status(), 421, path);
      }
    }));

  test("waits for a server that was stopped or killed, and goes on by itself when it starts again", () =>
    onNewScreen(
      async ({ page }) => {
        await page.goto(`${NGINX_URL}#/peers`);
        await page.getByText(`${VIEWER} viewer`).waitFor();
        await page.getByRole("link", { name: "bob" }).waitFor();
        await asUser(ADMIN, "#/peers", async (direct) => {
          for (const signal of ["SIGTERM", "SIGKILL"] as const) {
            server.vpn.child.kill(signal);
            for (const one of [page, direct]) await one.getByText("reconnecting").waitFor();
            await server.vpn.child.ended;
            await server.startVpn();
            for (const one of [page, direct]) {
              await one.getByText("live", { exact: true }).waitFor();
              await one.getByRole("link", { name: "bob" }).waitFor();
            }
          }
        });
      },
      { httpCredentials: { username: VIEWER, password: PASSWORD } },
    ));
});

const API = `${CONTROL_URL}api/v1/`;

/** What any page can try with the cookies of its visitor: to read, to send what needs no question first, and what does. */
const ATTACK = `(async () => {
  const include = { credentials: "include" };
  await fetch("${API}drain", { ...include, method: "POST", mode: "no-cors", body: "{}" }).catch(() => {});
  const tries = [
    fetch("${API}peers", include),
    fetch("${API}peers/1", { ...include, method: "DELETE" }),
    fetch("${API}drain", { ...include, method: "POST", headers: { "content-type": "application/json" }, body: "{}" }),
  ];
  return Promise.all(tries.map((one) => one.then(() => "answered", () => "failed")));
})()`;

/** A form needs no script, and no question is asked before it is sent. */
const FORM = `<form method="post" enctype="text/plain" action="${API}drain"><button name="{}">win</button></form>`;

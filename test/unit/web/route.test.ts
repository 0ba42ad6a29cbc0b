import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatRoute, PAGES, parseRoute, ticketIn } from "../../../web/src/routing/route.ts";

describe("a route", () => {
  test("is what its address says", () => {
    const overview = { page: "overview", id: undefined, query: {} };
    for (const hash of ["", "#", "#/", "#/overview", "#/nothing"]) assert.deepEqual(parseRoute(hash), overview, hash);
    assert.deepEqual(parseRoute("#/peers?sort=-drops&search=a+b"), {
      page: "peers",
      id: undefined,
      query: { sort: "-drops", search: "a b" },
    });
    assert.deepEqual(parseRoute("#/peers/uplink%3Aoffice"), { page: "peers", id: "uplink:office", query: {} });
    assert.equal(parseRoute("#/fdb/7").id, undefined);
    assert.equal(parseRoute("#/peers/%zz").id, "%zz");
  });

  test("comes back from its address whatever is in it", () => {
    const queries = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.constantFrom(...PAGES), fc.string({ minLength: 1 }), queries, (page, id, query) => {
        const own = Object.fromEntries(Object.entries(query).filter(([name]) => name !== "__proto__"));
        const given = page === "peers" ? id : undefined;
        assert.deepEqual(parseRoute(formatRoute(page, given, own)), { page, id: given, query: own });
      }),
    );
  });

  test("without parameters is short", () => {
    assert.equal(formatRoute("overview"), "#/");
    assert.equal(formatRoute("peers", undefined, { search: "" }), "#/peers");
  });
});

test("a ticket is the only thing in its address", () => {
  assert.equal(ticketIn("#ticket=aB3_-x"), "aB3_-x");
  for (const hash of ["", "#/peers", "#/ticket=a", "#ticket=", "#ticket=a b"]) assert.equal(ticketIn(hash), undefined);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ipv6, linkLayerOption, type NeighbourFields, neighbour, neighbourMessage } from "./address-frames.ts";
import { GuardedLan } from "./guarded-lan.ts";

const [ALICE, BOB] = [10, 11];
const MAC_A = "02:00:00:00:00:0a";
const MAC_B = "02:00:00:00:00:0b";
const MAC_U = "02:00:00:00:00:01";
const IP_A = "fd00::a";
const IP_B = "fd00::b";
const IP_U = "fd00::1";
const LINK_LOCAL_B = "fe80::ff:fe00:b";

const solicitation = (from: string, source: string, target: string, more: Partial<NeighbourFields> = {}): Uint8Array =>
  neighbour({ from, type: 135, source, target, options: linkLayerOption(1, from), ...more });
/** Whether an address is free (RFC 4862 section 5.4): no source, no link-layer address. */
const dadQuestion = (from: string, target: string): Uint8Array =>
  neighbour({ from, type: 135, source: "::", target, options: [] });
const advertisement = (from: string, source: string, target: string, more: Partial<NeighbourFields> = {}): Uint8Array =>
  neighbour({ from, type: 136, source, target, options: linkLayerOption(2, from), ...more });

/** A network where Alice has IP_A, and the port of Bob. */
function lanOfAlice() {
  const lan = new GuardedLan();
  const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
  assert.equal(alice.send(solicitation(MAC_A, IP_A, IP_U)), "none");
  return { lan, alice, bob };
}

describe("neighbour rule: neighbours that mean well", () => {
  test("who asks or answers has the address; link-local ones are bound as any", () => {
    const { lan, bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, LINK_LOCAL_B, IP_B)), "none");
    assert.equal(bob.send(solicitation(MAC_B, LINK_LOCAL_B, IP_A)), "none");
    assert.deepEqual(lan.bound, [`${IP_A} claimed 10`, `${IP_B} claimed 11`, `${LINK_LOCAL_B} claimed 11`]);
  });

  test("duplicate address detection passes, and takes an address that nobody has (RFC 6620)", () => {
    const { lan, bob } = lanOfAlice();
    assert.equal(bob.send(dadQuestion(MAC_B, IP_A)), "none");
    assert.equal(bob.send(dadQuestion(MAC_B, IP_B)), "none");
    assert.deepEqual(lan.bound, [`${IP_A} claimed 10`, `${IP_B} claimed 11`]);
  });

  test("a host defends its address when another asks for it", () => {
    const { alice } = lanOfAlice();
    assert.equal(alice.send(advertisement(MAC_A, IP_A, IP_A)), "none");
  });

  test("an advertisement without a link-layer address and a solicitation with a nonce (RFC 7527) pass", () => {
    const { bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { options: [] })), "none");
    const options = [14, 1, 1, 2, 3, 4, 5, 6];
    assert.equal(bob.send(neighbour({ from: MAC_B, type: 135, source: "::", target: IP_B, options })), "none");
  });

  test("router solicitations pass, with an address or without one", () => {
    const { lan, bob } = lanOfAlice();
    const fields = { from: MAC_B, type: 133, target: "::" } as const;
    assert.equal(bob.send(neighbour({ ...fields, source: "::" })), "none");
    const options = linkLayerOption(1, MAC_B);
    assert.equal(bob.send(neighbour({ ...fields, source: LINK_LOCAL_B, options })), "none");
    assert.deepEqual(lan.bound, [`${IP_A} claimed 10`, `${LINK_LOCAL_B} claimed 11`]);
  });

  test("the same address in two VLANs belongs to two users", () => {
    const { bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, IP_A, IP_A, { vlanId: 7 })), "none");
    assert.equal(bob.send(advertisement(MAC_B, IP_A, IP_A)), "neighbour-spoof");
  });

  test("a user's second session answers for the user's address at once", () => {
    const { lan } = lanOfAlice();
    const mac = "02:00:00:00:00:aa";
    assert.equal(lan.join(ALICE).send(advertisement(mac, IP_A, IP_A)), "none");
  });
});

describe("neighbour rule: attacks", () => {
  test("nobody answers or asks from another's address", () => {
    const { lan, bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, LINK_LOCAL_B, IP_A)), "neighbour-spoof");
    assert.equal(bob.send(advertisement(MAC_B, IP_A, IP_A)), "neighbour-spoof");
    assert.equal(bob.send(solicitation(MAC_B, IP_A, IP_U)), "neighbour-spoof");
    const routerSolicitation = { from: MAC_B, type: 133, source: IP_A, target: "::" } as const;
    assert.equal(bob.send(neighbour(routerSolicitation)), "neighbour-spoof");
    assert.deepEqual(lan.bound, [`${IP_A} claimed 10`]);
  });

  test("nobody answers that a free address is taken, to who asks for it or to the uplink", () => {
    const { lan, alice, bob } = lanOfAlice();
    alice.send(dadQuestion(MAC_A, "fd00::a2"));
    assert.equal(bob.send(advertisement(MAC_B, LINK_LOCAL_B, "fd00::a2")), "neighbour-spoof");
    lan.fromUplink(dadQuestion(MAC_U, IP_U));
    assert.equal(bob.send(advertisement(MAC_B, LINK_LOCAL_B, IP_U)), "neighbour-spoof");
  });

  test("the uplink's router has the address that it advertises itself from, however long it asks nobody", () => {
    const { lan, bob } = lanOfAlice();
    const advertised = { from: MAC_U, type: 134, source: "fe80::1", target: "::" } as const;
    lan.fromUplink(neighbour({ ...advertised, hopLimit: 64 }));
    assert.equal(bob.send(advertisement(MAC_B, "fe80::1", "fe80::1")), "none");
    lan.fromUplink(neighbour(advertised));
    assert.equal(bob.send(advertisement(MAC_B, "fe80::1", "fe80::1")), "neighbour-spoof");
  });

  test("the uplink takes no address by asking whether it is free", () => {
    const { lan, alice } = lanOfAlice();
    lan.fromUplink(dadQuestion(MAC_U, IP_A));
    assert.equal(alice.send(advertisement(MAC_A, IP_A, IP_A)), "none");
  });

  test("who answers from another's address gets no address bound", () => {
    const { lan, bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, IP_A, IP_B)), "neighbour-spoof");
    assert.deepEqual(lan.bound, [`${IP_A} claimed 10`]);
  });

  test("the gateway's address is the uplink's as soon as it asks", () => {
    const { lan, bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, IP_U, IP_U)), "none");
    lan.fromUplink(advertisement(MAC_U, IP_U, IP_A));
    lan.fromUplink(solicitation(MAC_U, IP_U, IP_A));
    assert.equal(bob.send(advertisement(MAC_B, IP_U, IP_U)), "neighbour-spoof");
    assert.deepEqual(lan.bound, [`${IP_U} trusted 1`, `${IP_A} claimed 10`]);
  });

  test("a link-layer address that is not the frame's, in any option, is a lie", () => {
    const { bob } = lanOfAlice();
    const [own, others] = [linkLayerOption(2, MAC_B), linkLayerOption(2, MAC_A)];
    assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { options: others })), "neighbour-spoof");
    assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { options: [...own, ...others] })), "neighbour-spoof");
    const source = linkLayerOption(1, MAC_A);
    assert.equal(bob.send(solicitation(MAC_B, IP_B, IP_A, { options: source })), "neighbour-spoof");
    assert.equal(bob.send(solicitation(MAC_B, "::", IP_B)), "neighbour-spoof");
  });

  test("what came through a router, has a code or is cut short is dropped", () => {
    const { bob } = lanOfAlice();
    assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { hopLimit: 254 })), "neighbour-spoof");
    assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { code: 1 })), "neighbour-spoof");
    const payload = neighbourMessage({ from: MAC_B, type: 136, source: IP_B, target: IP_B });
    for (let length = 4; length < 24; length++) {
      const cut = {
        from: MAC_B,
        source: IP_B,
        destination: "ff02::1",
        nextHeader: 58,
        payload: payload.slice(0, length),
      };
      assert.equal(bob.send(ipv6(cut)), "neighbour-spoof", `${length} bytes`);
    }
  });

  test("options of length zero, cut off, or too many are dropped", () => {
    const { bob } = lanOfAlice();
    const many = Array.from({ length: 17 }, () => [14, 1, 0, 0, 0, 0, 0, 0]).flat();
    for (const options of [
      [2, 0, 0, 0, 0, 0, 0, 0],
      linkLayerOption(2, MAC_B).slice(0, 7),
      [2, 2, 2, 0, 0, 0, 0, 0x0b],
      many,
    ]) {
      assert.equal(bob.send(advertisement(MAC_B, IP_B, IP_B, { options })), "neighbour-spoof", options.join());
    }
  });

  test("an address that is no host's cannot be claimed", () => {
    const { bob } = lanOfAlice();
    for (const target of ["ff02::1", "::1", "::"]) {
      assert.equal(bob.send(advertisement(MAC_B, IP_B, target)), "neighbour-spoof", target);
    }
  });

  test("it is found behind extension headers", () => {
    const { bob } = lanOfAlice();
    const message = neighbourMessage({ from: MAC_B, type: 136, source: IP_A, target: IP_A });
    const payload = [58, 0, 1, 4, 0, 0, 0, 0, ...message];
    const hopByHop = ipv6({ from: MAC_B, source: LINK_LOCAL_B, destination: "ff02::1", nextHeader: 0, payload });
    assert.equal(bob.send(hopByHop), "neighbour-spoof");
  });

  test("a fragment of neighbour discovery is dropped (RFC 6980), an atomic one is judged as a whole", () => {
    const { bob } = lanOfAlice();
    const message = neighbourMessage({ from: MAC_B, type: 136, source: IP_A, target: IP_A });
    const fragment = (more: number): Uint8Array => {
      const payload = [58, 0, 0, more, 0, 0, 0, 1, ...message];
      return ipv6({ from: MAC_B, source: LINK_LOCAL_B, destination: "ff02::1", nextHeader: 44, payload });
    };
    assert.equal(bob.send(fragment(1)), "unparsable");
    assert.equal(bob.send(fragment(0)), "neighbour-spoof");
  });
});

import type { Policy } from "../access/policy.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { ownerOfUser } from "./admission.ts";
import { Network, type NetworkDefinition, type NetworkDeps } from "./network.ts";
import { TrafficTotals } from "./traffic-totals.ts";

/** The networks of a server, by name, in the order they came. */
export class Networks {
  /** What ports of all networks had counted when they left, those of networks that are gone included. */
  readonly departed = new TrafficTotals();
  readonly #deps: NetworkDeps;
  readonly #limits: { readonly maxPeers: number };
  readonly #byName = new Map<string, Network>();

  constructor(deps: Omit<NetworkDeps, "departed">, limits: { readonly maxPeers: number }) {
    this.#deps = { ...deps, departed: this.departed };
    this.#limits = limits;
  }

  get all(): readonly Network[] {
    return [...this.#byName.values()];
  }

  get(name: string): Network | undefined {
    return this.#byName.get(name);
  }

  /** Adds those that are not here yet, and puts the guard's options in force in all. */
  configure(definitions: readonly NetworkDefinition[], guard: GuardOptions): void {
    for (const definition of definitions) {
      const { name } = definition;
      if (!this.#byName.has(name)) this.#byName.set(name, new Network(this.#deps, definition, this.#limits, guard));
    }
    for (const network of this.#byName.values()) network.guard.setOptions(guard);
  }

  /** Keeps the addresses that the policy gives to users for them, whether they are here or not. */
  reserveAddresses(policy: Policy): void {
    for (const [name, { guard }] of this.#byName) {
      const assignments = policy.assignmentsIn(name);
      guard.reserve(assignments.map(({ user, rules }) => ({ owner: ownerOfUser(user), rules })));
    }
  }

  /** Removes those that are configured no more and have no TAP; their peers were sent away by the policy. */
  keepOnly(definitions: readonly NetworkDefinition[]): void {
    const configured = new Set(definitions.map(({ name }) => name));
    for (const [name, { definition }] of this.#byName) {
      if (!configured.has(name) && definition.device === undefined) this.#byName.delete(name);
    }
  }

  /** Call it about every second. */
  tick(): void {
    for (const network of this.#byName.values()) network.tick();
  }
}
